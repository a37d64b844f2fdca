/**
 * Stops or moves the clock that everything above the store goes by (`Date`), for programs and tests whose files are to
 * be compared, or whose clock jumps. Timers and the store's own clocks stay real.
 */
const RealDate = globalThis.Date;

/** Makes `Date` tell what `now` says. */
export function replaceClock(now: () => number): void {
  globalThis.Date = class extends RealDate {
    constructor(...args: unknown[]) {
      super(...((args.length === 0 ? [now()] : args) as [number]));
    }
    static override now(): number {
      return now();
    }
  } as DateConstructor;
}

/** The machine's own time. */
export const realNow = (): number => RealDate.now();

/** Gives the machine's clock back. */
export function restoreClock(): void {
  globalThis.Date = RealDate;
}
