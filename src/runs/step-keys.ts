/**
 * The keys of a run's steps: the id, and for repeats `id:1`, `id:2` … in call order. A key is given once: where an id
 * looks like the repeat of another (`a:1`), counting goes past it.
 */
export class StepKeys {
  /** How often an id was used; keys that were made count as ids. */
  readonly #uses = new Map<string, number>();

  next(id: string): string {
    let uses = this.#uses.get(id);
    if (uses === undefined) {
      this.#uses.set(id, 1);
      return id;
    }
    let key: string;
    do key = `${id}:${uses++}`;
    while (this.#uses.has(key));
    this.#uses.set(id, uses);
    this.#uses.set(key, 1);
    return key;
  }
}
