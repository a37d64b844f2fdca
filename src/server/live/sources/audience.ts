import type { Subscription } from "../subscription.ts";

/** Who follows a topic on which everybody begins with a snapshot: those who had theirs, and those who wait for it. */
export class Audience {
  readonly all = new Set<Subscription>();
  #waiting = new Set<Subscription>();

  /** Whether anybody waits for a snapshot. */
  get isWaiting(): boolean {
    return this.#waiting.size > 0;
  }

  /** Whether anybody had one, and so has to be told what changes. */
  get isTold(): boolean {
    return this.all.size > this.#waiting.size;
  }

  join(subscription: Subscription): void {
    this.all.add(subscription);
    subscription.restart();
    this.#waiting.add(subscription);
  }

  /** @returns whether nobody is left */
  leave(subscription: Subscription): boolean {
    this.all.delete(subscription);
    this.#waiting.delete(subscription);
    return this.all.size === 0;
  }

  /** Something was missed: those who had their snapshot wait for another. */
  restart(): void {
    for (const subscription of this.all) {
      if (subscription.cursor === undefined || subscription.isPaused) continue;
      subscription.restart("slow");
      this.#waiting.add(subscription);
    }
  }

  /** Those who wait, who do so no more. Some may have left by the time their snapshot is read: `all` says who is there. */
  takeWaiting(): ReadonlySet<Subscription> {
    const waiting = this.#waiting;
    this.#waiting = new Set();
    return waiting;
  }
}
