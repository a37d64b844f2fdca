import { realSetTimeout } from "../../core/real-timers.ts";
import { EXIT } from "../command.ts";
import type { Output } from "../output.ts";

/** Closing may take a little longer than what it was given: stores are written to last. */
const MORE_MS = 2_000;

/**
 * Resolves when the process is asked to end (SIGTERM, SIGINT, or a parent that is gone). From the call on signals do not
 * end it by themselves, so it is made before anything is begun.
 */
export function nextSignal(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, resolve);
    // Of `dev`: who starts us again has died.
    process.once("disconnect", () => resolve("disconnected"));
    // To wait for that is no reason to stay.
    process.channel?.unref();
  });
}

/**
 * Waits until the process is asked to end, closes, and ends it. A second signal ends it at once.
 *
 * @param signal of {@link nextSignal}
 * @param close what is finished within `graceMs`; what is not goes on in another process
 * @returns never: the program may have left timers and connections open, which must not keep the process
 */
export async function untilSignal(
  signal: Promise<string>,
  graceMs: number,
  out: Output,
  close: (graceMs: number) => Promise<void>,
): Promise<never> {
  const name = await signal;
  void nextSignal().then(() => process.exit(EXIT.failed));
  out.note(`${name}: finishing what is under way, for ${graceMs / 1000} s at most`);
  realSetTimeout(() => {
    out.note("Not everything was finished in time: it is done again.");
    process.exit(EXIT.ok);
  }, graceMs + MORE_MS);
  try {
    await close(graceMs);
  } catch (error) {
    out.error(error);
    process.exit(EXIT.failed);
  }
  process.exit(EXIT.ok);
}
