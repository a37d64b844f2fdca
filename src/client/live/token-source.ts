/**
 * What proves who asks: a token, or a function that gets one, called again when the server no longer takes the last.
 * Without one, requests rely on the cookies of the page's own origin.
 */
export type Token = string | (() => string | undefined | Promise<string | undefined>);

/** Keeps a token until it is refused. */
export class TokenSource {
  readonly #token: Token | undefined;
  #current: Promise<string | undefined> | undefined;

  constructor(token: Token | undefined) {
    this.#token = token;
  }

  /** The token, if it is one and no function. */
  get text(): string | undefined {
    return typeof this.#token === "string" ? this.#token : undefined;
  }

  /** Whether there may be another one after this. */
  get canRefresh(): boolean {
    return typeof this.#token === "function";
  }

  get(): Promise<string | undefined> {
    const token = this.#token;
    if (typeof token !== "function") return Promise.resolve(token);
    this.#current ??= Promise.resolve(token());
    // One that could not be had is asked for again next time.
    this.#current.catch(() => (this.#current = undefined));
    return this.#current;
  }

  /** The last one was refused. */
  forget(): void {
    this.#current = undefined;
  }
}
