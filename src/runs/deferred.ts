// A Promise calls its executor at once, so one shared executor can hand the functions over without a closure a promise.
let resolve!: (value: unknown) => void;
let reject!: (error: unknown) => void;
const handOver = (
  handedResolve: (value: unknown) => void,
  handedReject: (error: unknown) => void,
): void => {
  resolve = handedResolve;
  reject = handedReject;
};

/** A promise in the hands of whoever settles it. */
export class Deferred {
  readonly promise: Promise<unknown>;
  readonly resolve: (value: unknown) => void;
  readonly #reject: (error: unknown) => void;

  constructor() {
    this.promise = new Promise(handOver);
    this.resolve = resolve;
    this.#reject = reject;
  }

  /** Rejects it. That perhaps nobody waits for it yet is no reason to end the process. */
  reject(error: unknown): void {
    this.promise.then(undefined, noop);
    this.#reject(error);
  }
}

/** What a call gets that came too late, or must not go on: it never settles, so that no `catch` sees it. */
export const never = (): Promise<never> => new Promise(noop);

/** What a call gets that is refused. That perhaps nobody waits for it is no reason to end the process. */
export function refuse(error: Error): Promise<never> {
  const refused = Promise.reject(error);
  refused.catch(noop);
  return refused;
}

function noop(): void {}
