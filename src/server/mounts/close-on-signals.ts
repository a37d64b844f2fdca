import { realSetTimeout } from "../../core/real-timers.ts";

/** How to {@link closeOnSignals}. */
export interface CloseOnSignalsOptions {
  /** What is not finished after this time is done again by another process, or after a restart. @default 30_000 */
  readonly graceMs?: number | undefined;
  /** @default SIGTERM and SIGINT */
  readonly signals?: readonly NodeJS.Signals[] | undefined;
}

interface Closes {
  close(options: { timeoutMs?: number; graceMs?: number }): Promise<void>;
}

const DEFAULT_GRACE_MS = 30_000;
/** Requests have little to finish; workers get what is left. */
const LONGEST_HTTP_MS = 5_000;
/** Stores are written to last. */
const MORE_MS = 2_000;

/**
 * Ends the process in good order when it is told to. First the server takes no more requests, ends streams and long
 * polls, and answers what is under way; then the runtime takes no more work, finishes what it does, and closes the
 * store. The process exits with 0, whatever else it has open; with 1 if something could not be closed, or at once at a
 * second signal.
 *
 * @param served what {@link serve} resolved with, if the process serves
 * @returns a function that leaves signals alone again
 *
 * @example
 * await longhaul.start();
 * closeOnSignals(longhaul, await serve(createServer(longhaul)));
 */
export function closeOnSignals(
  longhaul: Closes,
  served?: Closes,
  { graceMs = DEFAULT_GRACE_MS, signals = ["SIGTERM", "SIGINT"] }: CloseOnSignalsOptions = {},
): () => void {
  let isClosing = false;
  const close = async (): Promise<void> => {
    const until = performance.now() + graceMs;
    await served?.close({ graceMs: Math.min(graceMs / 2, LONGEST_HTTP_MS) });
    await longhaul.close({ timeoutMs: Math.max(until - performance.now(), 0) });
  };
  const onSignal = (): void => {
    if (isClosing) process.exit(1);
    isClosing = true;
    realSetTimeout(() => process.exit(0), graceMs + MORE_MS).unref();
    close().then(
      () => process.exit(0),
      (error: unknown) => {
        // oxlint-disable-next-line no-console -- the last thing that can be said
        console.error("longhaul: closing failed:", error);
        process.exit(1);
      },
    );
  };
  for (const signal of signals) process.on(signal, onSignal);
  return () => {
    for (const signal of signals) process.off(signal, onSignal);
  };
}
