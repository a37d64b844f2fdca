import { LonghaulError } from "../../core/errors.ts";
import { monotonicNow } from "../../core/real-timers.ts";
import { isBusy } from "./result-codes.ts";

const sleeper = new Int32Array(new SharedArrayBuffer(4));

/**
 * Runs `work` again, after short blocking pauses, for as long as another connection holds the lock. Only for opening a
 * store, which is synchronous and rare.
 *
 * @throws {LonghaulError} STORE_BUSY_TIMEOUT after `limitMs`.
 */
export function retryWhileBusy<T>(path: string, limitMs: number, work: () => T): T {
  const start = monotonicNow();
  for (;;) {
    try {
      return work();
    } catch (error) {
      if (!isBusy(error)) throw error;
      const waitedMs = Math.round(monotonicNow() - start);
      if (waitedMs >= limitMs)
        throw new LonghaulError("STORE_BUSY_TIMEOUT", { path, waitedMs }, { cause: error });
      Atomics.wait(sleeper, 0, 0, 1 + Math.random() * 4);
    }
  }
}
