import type { Clock } from "../core/clock.ts";
import { realSetImmediate } from "../core/real-timers.ts";
import { Alarm } from "./alarm.ts";

/** What {@link DueTimes} needs. */
export interface DueTimesHost {
  readonly clock: Clock;
  /** Does what is due. @returns when the next thing is; `Infinity` if nothing is */
  advance(now: number): Promise<number>;
  /** Nothing more is due now. */
  advanced(): void;
  report(error: unknown): void;
}

/** How long after a failure what is due is tried again. */
const RETRY_MS = 1_000;

/** One timer, set to the next due time: nothing is polled. */
export class DueTimes {
  readonly #host: DueTimesHost;
  readonly #alarm: Alarm;
  #isAdvancing = false;
  #isAskedAgain = false;
  #isStopped = false;
  #onStopped: (() => void) | undefined;

  constructor(host: DueTimesHost) {
    this.#host = host;
    this.#alarm = new Alarm(host.clock, () => void this.advance());
  }

  /** Whether nothing is being done; what the timer is set to is the clock's to begin. */
  get isQuiet(): boolean {
    return !this.#isAdvancing;
  }

  /** Something new is due at `dueAt`. */
  lower(dueAt: number): void {
    if (this.#isStopped || dueAt >= this.#alarm.at) return;
    if (dueAt <= this.#host.clock.now()) void this.advance();
    else this.#alarm.set(dueAt);
  }

  /** Sees whether the clock has gone past the due time while the timer stood still: in a machine that slept, say. */
  look(): void {
    if (this.#alarm.at <= this.#host.clock.now()) void this.advance();
  }

  /** Does what is due, and sets the timer to what is next. */
  async advance(): Promise<void> {
    this.#isAskedAgain = this.#isAdvancing;
    if (this.#isAdvancing || this.#isStopped) return;
    this.#isAdvancing = true;
    try {
      do {
        this.#isAskedAgain = false;
        this.#alarm.set(Infinity);
        this.lower(await this.#host.advance(this.#host.clock.now()));
        // Others have their turn between two bites.
        if (this.#isAskedAgain) await nextTurn();
      } while (this.#isAskedAgain && !this.#isStopped);
    } catch (error) {
      this.#host.report(error);
      this.lower(this.#host.clock.now() + RETRY_MS);
    } finally {
      this.#isAdvancing = false;
      this.#onStopped?.();
      this.#host.advanced();
    }
  }

  /** Resolves when nothing is being done any more. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#alarm.set(Infinity);
    if (this.#isAdvancing) await new Promise<void>((resolve) => (this.#onStopped = resolve));
  }
}

const nextTurn = (): Promise<void> => new Promise((resolve) => realSetImmediate(resolve));
