import type { Clock } from "../../core/clock.ts";

/** After so many failures within the time, an address has to wait. */
const MOST = 10;
export const FAILURE_WINDOW_MS = 60_000;
/** Addresses that are remembered, so that nobody fills the memory. */
const ADDRESSES = 10_000;

interface Window {
  readonly until: number;
  count: number;
}

/** Counts failed attempts per address, each over fixed windows of a minute. Kept in memory, by each process. */
export class FailureLimit {
  readonly #clock: Clock;
  readonly #windows = new Map<string, Window>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether this address has to wait. */
  isExceeded(address: string): boolean {
    const window = this.#windows.get(address);
    return window !== undefined && window.count >= MOST && window.until > this.#clock.now();
  }

  /** Counts a failure. */
  add(address: string): void {
    const now = this.#clock.now();
    const window = this.#windows.get(address);
    if (window !== undefined && window.until > now) {
      window.count++;
      return;
    }
    // Those that began first are over first, except where one began anew: deleting moves it to the end.
    this.#windows.delete(address);
    for (const [oldest, { until }] of this.#windows) {
      if (until > now && this.#windows.size < ADDRESSES) break;
      this.#windows.delete(oldest);
    }
    this.#windows.set(address, { until: now + FAILURE_WINDOW_MS, count: 1 });
  }
}
