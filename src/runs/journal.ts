import type { Arrival, Step } from "./step.ts";
import type { JournalEntry } from "./types.ts";

/**
 * What was known of a run when it was claimed, in memory, for its replay.
 *
 * Final entries are handed out in their order, each once its step has been called again. One whose step was not called
 * is a gap: the code changed, or it is busy with something that is no step. Gaps may be given up; a step of one that is
 * called later still gets its result.
 *
 * What is older than the end of the last failed attempt of the whole handler is not expected: results of that time are
 * there for who asks, at once, and failures are forgotten.
 */
export class Journal {
  readonly #entries = new Map<string, JournalEntry>();
  /** Keys of final entries in order; those before the cursor are handed out or given up. */
  readonly #finals: string[] = [];
  #cursor = 0;
  /** Steps with a final entry that were called, and have not got it. */
  readonly #called = new Map<string, Step>();
  /** Final entries of earlier attempts; and their steps that were called, and have not got them. */
  readonly #earlier = new Set<string>();
  #calledEarlier: Step[] = [];
  /** How many entries the code has not come to yet. */
  #unmet: number;

  constructor(entries: readonly JournalEntry[]) {
    const began = entries.findLastIndex(({ kind }) => kind === "attempt");
    for (const entry of began < 0 ? [] : entries.slice(0, began)) {
      if (entry.state === "failed") continue;
      this.#entries.set(entry.key, entry);
      if (entry.state === "done") this.#earlier.add(entry.key);
    }
    const earlier = this.#entries.size;
    for (const entry of began < 0 ? entries : entries.slice(began + 1)) {
      this.#entries.set(entry.key, entry);
      if (entry.state === "done" || entry.state === "failed") this.#finals.push(entry.key);
    }
    this.#unmet = this.#entries.size - earlier;
  }

  /** Whether the code has yet to come to something that it did before. */
  get isReplaying(): boolean {
    return this.#unmet > 0;
  }

  get(key: string): JournalEntry | undefined {
    return this.#entries.get(key);
  }

  /** Takes in what others wrote meanwhile. */
  update(entry: JournalEntry): void {
    if (this.#entries.has(entry.key)) this.#entries.set(entry.key, entry);
  }

  /** A step with a final entry was called. */
  call(step: Step): void {
    if (this.#earlier.has(step.key)) this.#calledEarlier.push(step);
    else this.#called.set(step.key, step);
  }

  /** The code came to `count` steps without a final entry. */
  meet(count: number): void {
    this.#unmet = Math.max(0, this.#unmet - count);
  }

  /** The code went on beyond what it did before. */
  endReplay(): void {
    this.#unmet = 0;
  }

  /** Whether every result was handed out or given up, so that new ones may follow. */
  get isExhausted(): boolean {
    return (
      this.#cursor === this.#finals.length &&
      this.#called.size === 0 &&
      this.#calledEarlier.length === 0
    );
  }

  /** Whether the step of the next result was not called yet. */
  get hasGap(): boolean {
    return this.#cursor < this.#finals.length && !this.#called.has(this.#finals[this.#cursor]!);
  }

  /** Whether a gap holds results back. */
  get isBlocked(): boolean {
    return this.hasGap && this.#called.size > 0;
  }

  /** The next result to hand out, if its step was called. */
  next(): Arrival | undefined {
    const early = this.#calledEarlier.shift();
    if (early) return { step: early, entry: this.#entries.get(early.key)! };
    const isLate = this.#cursor === this.#finals.length;
    const key = isLate ? firstKey(this.#called) : this.#finals[this.#cursor];
    const step = key === undefined ? undefined : this.#called.get(key);
    if (!step) return undefined;
    this.#called.delete(step.key);
    if (!isLate) {
      this.#cursor++;
      this.meet(1);
    }
    return { step, entry: this.#entries.get(step.key)! };
  }

  /** Stops waiting for the step of the next result, up to one that was called. */
  giveUpGap(): void {
    this.endReplay();
    while (this.hasGap) this.#cursor++;
  }
}

function firstKey(map: ReadonlyMap<string, unknown>): string | undefined {
  for (const key of map.keys()) return key;
  return undefined;
}
