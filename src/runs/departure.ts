/** What an execution tells its code when it leaves: the signal, and those who asked to be called. */
export class Departure {
  readonly #listeners: (() => void)[] = [];
  #abort: AbortController | undefined;

  /** Made when it is asked for first. @param isLost whether it has been aborted by then */
  signal(isLost: boolean): AbortSignal {
    this.#abort ??= new AbortController();
    if (isLost) this.#abort.abort();
    return this.#abort.signal;
  }

  onLeave(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** Aborts the signal, if the code has it. */
  abort(): void {
    this.#abort?.abort();
  }

  /** What the code does counts no more. */
  abandon(): void {
    this.abort();
    this.tell();
  }

  /** Calls those who asked to be called, once. */
  tell(): void {
    for (const listener of this.#listeners.splice(0)) listener();
  }
}
