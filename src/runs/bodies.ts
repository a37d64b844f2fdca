import { crashPoint } from "../core/crash-points.ts";
import { type GroupScope, Groups } from "./groups.ts";
import type { BodyCall } from "./step.ts";

/** Who wants to know what bodies came to. */
export interface BodiesHost {
  /** A body that was held back may start, as far as this says. */
  startBody(call: BodyCall, attempts: number): void;
  /** @param attempts made so far, with this one */
  bodyReturned(call: BodyCall, attempts: number, value: unknown): void;
  bodyThrew(call: BodyCall, attempts: number, error: unknown): void;
}

/** The bodies of a run's steps, which run at once, inline. */
export class Bodies {
  readonly #host: BodiesHost;
  #groups: Groups | undefined;
  #running = 0;
  #isInside = false;
  #isDraining = false;
  /** Bodies that were not started because of draining. */
  #blocked = 0;
  /** What bodies hold back for. */
  #holds = 0;
  #heldBack: (() => void)[] = [];

  constructor(host: BodiesHost) {
    this.#host = host;
  }

  /** Whether one runs that is not waiting for steps inside it. */
  get isBusy(): boolean {
    return this.#running > 0 || (this.#groups !== undefined && this.#groups.busy > 0);
  }

  /** Whether we are called by a body, before its first `await`. */
  get isInside(): boolean {
    return this.#isInside;
  }

  /** Whether some were not started because of draining. */
  get isBlocked(): boolean {
    return this.#blocked > 0;
  }

  /** The group whose body is calling. */
  get group(): GroupScope | undefined {
    return this.#groups?.current;
  }

  /** Starts no more. */
  drain(): void {
    this.#isDraining = true;
  }

  /** Starts none until {@link Bodies.letGo} was called as often. */
  hold(): void {
    this.#holds++;
  }

  letGo(): void {
    if (--this.#holds > 0) return;
    const heldBack = this.#heldBack;
    this.#heldBack = [];
    for (const start of heldBack) start();
  }

  /** @param attempts made before */
  start(call: BodyCall, attempts: number): void {
    if (this.#isDraining) this.#blocked++;
    else if (this.#holds > 0) this.#heldBack.push(() => this.#host.startBody(call, attempts));
    else if (call.step.kind === "group")
      (this.#groups ??= new Groups(this.#host)).run(call, attempts);
    else this.#run(call, attempts);
  }

  #run(call: BodyCall, attempts: number): void {
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
