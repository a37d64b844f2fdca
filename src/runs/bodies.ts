import { crashPoint } from "../core/crash-points.ts";
import type { BodyCall } from "./step.ts";

/** Who wants to know what bodies came to. */
export interface BodiesHost {
  /** @param attempts made so far, with this one */
  bodyReturned(call: BodyCall, attempts: number, value: unknown): void;
  bodyThrew(call: BodyCall, attempts: number, error: unknown): void;
}

/** The bodies of a run's steps, which run at once, inline. */
export class Bodies {
  readonly #host: BodiesHost;
  #running = 0;
  #isInside = false;

  constructor(host: BodiesHost) {
    this.#host = host;
  }

  /** How many run. */
  get running(): number {
    return this.#running;
  }

  /** Whether we are called by a body, before its first `await`. */
  get isInside(): boolean {
    return this.#isInside;
  }

  /** @param attempts made before */
  run(call: BodyCall, attempts: number): void {
    this.#running++;
    this.#isInside = true;
    let result: unknown;
    try {
      result = call.body(attempts);
    } catch (error) {
      this.#isInside = false;
      this.#end();
      this.#host.bodyThrew(call, attempts + 1, error);
      return;
    }
    this.#isInside = false;
    if (isThenable(result)) {
      Promise.resolve(result).then(
        (value) => {
          this.#end();
          this.#host.bodyReturned(call, attempts + 1, value);
        },
        (error: unknown) => {
          this.#end();
          this.#host.bodyThrew(call, attempts + 1, error);
        },
      );
    } else {
      this.#end();
      this.#host.bodyReturned(call, attempts + 1, result);
    }
  }

  #end(): void {
    this.#running--;
    crashPoint("runs:body-done");
  }
}

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === "object" &&
  value !== null &&
  "then" in value &&
  typeof value.then === "function";
