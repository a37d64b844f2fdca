import { Journal } from "./journal.ts";
import type { Arrival, Step } from "./step.ts";
import type { JournalEntry } from "./types.ts";

/**
 * The results a handler gets, one after the other: first those of the journal, in its order, then new ones, in the order
 * of their commits.
 */
export class Results {
  readonly #journal: Journal | undefined;
  /** New results that are committed and not handed out yet. */
  readonly #arrivals: Arrival[] = [];
  /** Steps without a result that the replay came to in this turn. */
  #met = 0;

  constructor(journal: readonly JournalEntry[]) {
    if (journal.length > 0) this.#journal = new Journal(journal);
  }

  /** Whether the code has yet to come to something that it did before. */
  get isReplaying(): boolean {
    return this.#journal?.isReplaying === true;
  }

  /** Whether the code is expected to call a step whose result is known. */
  get hasGap(): boolean {
    return this.#journal?.hasGap === true;
  }

  /** What the step of a key was before, if there was one. */
  knownOf(key: string): Pick<JournalEntry, "kind" | "args"> | undefined {
    return this.#journal?.get(key);
  }

  /** What is known of a step that is called: an entry without a result, or a result, which it will get in its turn. */
  meet(step: Step): JournalEntry | "known" | undefined {
    const entry = this.#journal?.get(step.key);
    if (entry === undefined) return undefined;
    if (entry.state === "done" || entry.state === "failed") {
      this.#journal!.call(step);
      return "known";
    }
    this.#met++;
    return entry;
  }

  /** Takes in an answer to a step that was not called yet. */
  update(entry: JournalEntry): void {
    this.#journal?.update(entry);
  }

  /** A new result was committed. @returns whether it may be handed out now, which is then up to the caller */
  arrive(arrival: Arrival, mayPass: boolean): boolean {
    const isFirst = this.#arrivals.length === 0 && this.#journal?.isExhausted !== false;
    if (mayPass && isFirst) {
      this.#journal?.endReplay();
      return true;
    }
    this.#arrivals.push(arrival);
    return false;
  }

  /** The result to hand out at the end of a turn; or that one is held back, until the code calls the step of another. */
  next(): Arrival | "held back" | undefined {
    const journal = this.#journal;
    if (journal) {
      journal.meet(this.#met);
      this.#met = 0;
      const known = journal.next();
      if (known) return known;
      if (journal.isBlocked || (journal.hasGap && this.#arrivals.length > 0)) return "held back";
      if (this.#arrivals.length > 0) journal.endReplay();
    }
    return this.#arrivals.shift();
  }

  /** Holds nothing back any more for what the code does not call. */
  giveUpGap(): void {
    if (this.hasGap) this.#journal!.giveUpGap();
  }
}
