/** A scan may go on for so long at full speed, ms: about what 500,000 rows take. */
const CAPACITY_MS = 200;
/** The share of the time that scans may take in the long run. */
const SHARE = 0.12;

/**
 * How much of the machine scans may use. One search has what it needs; searches without a pause between them get a share,
 * so that those who work beside them go on at nearly full speed, also where two cores are one in truth.
 */
export class ScanBudget {
  #credit = CAPACITY_MS;
  #at: number | undefined;

  /** Enters a piece of a scan that has just ended. @returns for how long to rest before the next, ms */
  spend(tookMs: number, now: number): number {
    const passed = now - (this.#at ?? now);
    this.#at = now;
    this.#credit = Math.min(CAPACITY_MS, this.#credit + passed * SHARE) - tookMs;
    return this.#credit < 0 ? -this.#credit / SHARE : 0;
  }
}
