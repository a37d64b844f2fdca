import { InvalidRequest } from "../../problem.ts";
import type { ServerHost } from "../../server-host.ts";

/** Longer than proxies leave a request alone, nobody waits. */
const MAX_WAIT_MS = 60_000;

/**
 * How long a request wants to wait: `?wait=30s`, or `Prefer: wait=30` (RFC 7240), which is taken as far as it goes.
 * @throws {InvalidRequest}
 */
export function waitMsOf(wait: string | undefined, request: Request): number {
  if (wait === undefined) {
    const seconds = /(?:^|[,;\s])wait=(\d{1,6})\b/i.exec(request.headers.get("prefer") ?? "")?.[1];
    return Math.min(Number(seconds ?? 0) * 1_000, MAX_WAIT_MS);
  }
  const [, amount, unit] = /^(\d{1,6})(ms|s)?$/.exec(wait) ?? [];
  const ms = Number(amount) * (unit === "ms" ? 1 : 1_000);
  if (ms >= 0 && ms <= MAX_WAIT_MS) return ms;
  throw new InvalidRequest([
    {
      pointer: "#/query/wait",
      detail: `it is "30s" or "500ms", and ${MAX_WAIT_MS / 1_000}s at most`,
    },
  ]);
}

/** Waits until a run is over, the time is, or the server begins to close. */
export async function waitForRun(
  { parts, closing }: ServerHost,
  runId: string,
  waitMs: number,
  signal: AbortSignal,
): Promise<void> {
  const limit = new AbortController();
  const cancel = parts.clock.after(waitMs, () => limit.abort());
  try {
    await parts.runs.waitForEnd(runId, AbortSignal.any([signal, limit.signal]));
  } catch (error) {
    // Whoever waits is told how the run is now.
    if (!limit.signal.aborted && !closing.aborted) throw error;
  } finally {
    cancel();
  }
}
