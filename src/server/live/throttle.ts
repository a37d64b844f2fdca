import type { Clock } from "../../core/clock.ts";

/** Something that may be held back for a moment. */
export interface Throttled {
  /** The moment is over. @returns whether there was something to send, so that another moment begins */
  release(): boolean;
}

/** A message to one client costs about so much; where thousands follow what changes often, the throttle grows with them. */
const MS_PER_MEMBER = 0.15;

/**
 * Everybody who sends at most once in `throttleMs`: one timer for all of them. Who has just sent is a member; who is
 * none may send at once.
 */
export class Throttle {
  readonly #clock: Clock;
  readonly #throttleMs: number;
  readonly #members = new Set<Throttled>();
  #cancel: (() => void) | undefined;

  constructor(clock: Clock, throttleMs: number) {
    this.#clock = clock;
    this.#throttleMs = throttleMs;
  }

  /** @returns whether it may send now; if not, it is released later */
  pass(member: Throttled): boolean {
    if (this.#throttleMs === 0) return true;
    if (this.#members.has(member)) return false;
    this.#members.add(member);
    this.#cancel ??= this.#wait();
    return true;
  }

  remove(member: Throttled): void {
    this.#members.delete(member);
    if (this.#members.size > 0) return;
    this.#cancel?.();
    this.#cancel = undefined;
  }

  readonly #tick = (): void => {
    this.#cancel = undefined;
    for (const member of this.#members) if (!member.release()) this.#members.delete(member);
    if (this.#members.size > 0) this.#cancel = this.#wait();
  };

  #wait(): () => void {
    const waitMs = Math.max(this.#throttleMs, this.#members.size * MS_PER_MEMBER);
    return this.#clock.after(waitMs, this.#tick);
  }
}
