/** A place in the code under test that the test waits for, and lets it pass. */
export class Gate<T = void> {
  #reach: () => void = () => {};
  #open: (value: T) => void = () => {};
  /** Resolves when the code has come here. */
  readonly reached = new Promise<void>((resolve) => (this.#reach = resolve));
  readonly #passage = new Promise<T>((resolve) => (this.#open = resolve));

  /** Called by the code under test. */
  pass(): Promise<T> {
    this.#reach();
    return this.#passage;
  }

  open(value: T): void {
    this.#open(value);
  }
}
