import type { RunHandle } from "../../runs/definition.ts";
import { StepKeys } from "../../runs/step-keys.ts";

/** Steps of the idiom's own, whose calls say nothing of how far the code has come. */
const OWN = /^(?:\d+\/)?(?:metadata:|#attempt:)/;

/**
 * The keys of an execution's steps, and whether the code is still at what it has done before: until it has called all
 * steps of this attempt that the journal knows, or one that it does not know.
 */
export class ReplayedKeys {
  readonly #keys = new StepKeys();
  readonly #ahead: Set<string>;

  constructor({ journal, attempt }: Pick<RunHandle, "journal" | "attempt">) {
    const prefix = `${attempt + 1}/`;
    const isOfAttempt = (key: string): boolean =>
      attempt === 0 ? !/^\d+\//.test(key) : key.startsWith(prefix);
    const keys = journal.map(({ key }) => key);
    this.#ahead = new Set(keys.filter((key) => !OWN.test(key) && isOfAttempt(key)));
  }

  /** The key of the next step of this id. */
  next(id: string): string {
    const key = this.#keys.next(id);
    if (!this.#ahead.delete(key) && this.#ahead.size > 0) this.#ahead.clear();
    return key;
  }

  /** Whether what the code says, it has said before. */
  get isBehind(): boolean {
    return this.#ahead.size > 0;
  }
}
