import { SubtaskUnwrapError, type WaitpointTimeoutError } from "../errors/task-errors.ts";
import type { TaskRunResult } from "../types/results.ts";
import type { Untyped } from "../types/untyped.ts";

/** A promise with `unwrap()`: the output itself, or the error thrown. */
export class TaskRunPromise<TIdentifier extends string = string, TOutput = Untyped> extends Promise<
  TaskRunResult<TIdentifier, TOutput>
> {
  // What `then` gives is a plain promise.
  static override readonly [Symbol.species] = Promise;

  static of<TIdentifier extends string, TOutput>(
    result: Promise<TaskRunResult<TIdentifier, TOutput>>,
  ): TaskRunPromise<TIdentifier, TOutput> {
    return new TaskRunPromise((resolve, reject) => void result.then(resolve, reject));
  }

  /** @throws {SubtaskUnwrapError} whose `cause` is the error of the run */
  async unwrap(): Promise<TOutput> {
    const result = await this;
    if (result.ok) return result.output;
    throw new SubtaskUnwrapError(result.taskIdentifier, result.id, result.error);
  }
}

/** What a token came to. */
export type TokenResult<TOutput = Untyped> =
  | { readonly ok: true; readonly output: TOutput }
  | { readonly ok: false; readonly error: WaitpointTimeoutError };

/** A promise with `unwrap()`: what the token was completed with, or the error thrown. */
export class TokenPromise<TOutput = Untyped> extends Promise<TokenResult<TOutput>> {
  static override readonly [Symbol.species] = Promise;

  static of<TOutput>(result: Promise<TokenResult<TOutput>>): TokenPromise<TOutput> {
    return new TokenPromise((resolve, reject) => void result.then(resolve, reject));
  }

  /** @throws {WaitpointTimeoutError} */
  async unwrap(): Promise<TOutput> {
    const result = await this;
    if (result.ok) return result.output;
    throw result.error;
  }
}
