/** Functions to call back. */
export class Listeners<T extends readonly unknown[]> {
  readonly #listeners = new Set<(...args: T) => void>();

  get size(): number {
    return this.#listeners.size;
  }

  /** Adds one. @returns a function that removes it again */
  add(listener: (...args: T) => void): () => void {
    const entry = (...args: T): void => listener(...args);
    this.#listeners.add(entry);
    return () => void this.#listeners.delete(entry);
  }

  call(...args: T): void {
    for (const listener of [...this.#listeners]) listener(...args);
  }
}
