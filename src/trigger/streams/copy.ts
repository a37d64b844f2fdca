/** Parts as they come, kept for whoever reads them. */
export class Copy<TPart> implements AsyncIterable<TPart> {
  readonly #parts: TPart[] = [];
  #end: { readonly error?: unknown } | undefined;
  #wake: (() => void)[] = [];

  push(part: TPart): void {
    this.#parts.push(part);
    this.#notify();
  }

  end(error?: unknown): void {
    this.#end = error === undefined ? {} : { error };
    this.#notify();
  }

  async *[Symbol.asyncIterator](): AsyncIterator<TPart> {
    for (let index = 0; ; index++) {
      while (index >= this.#parts.length && !this.#end)
        await new Promise<void>((resolve) => this.#wake.push(resolve));
      if (index < this.#parts.length) yield this.#parts[index]!;
      else if ("error" in this.#end!) throw this.#end.error;
      else return;
    }
  }

  #notify(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }
}
