import { pack, unpack } from "./payload.ts";
import { nextRetryDelay, type RetryOptions } from "./retry/retry-options.ts";
import { currentPlace, requireSteps, runAt } from "./run/scope.ts";
import type { MaybePromise } from "./types/untyped.ts";

/** How a step is tried. */
export interface TaskStepOptions {
  /** Tries of the step alone; without it a step that throws fails the attempt, and the task's `retry` counts. */
  readonly retry?: RetryOptions | undefined;
}

/** Steps of a task: what must not happen twice. Longhaul's own; Trigger.dev has nothing like it. */
export const step = {
  /**
   * Runs `body` once and keeps its result: further attempts of the run, and a replay after a crash, get it from the
   * journal. If the process dies between the end of the body and its commit, the body runs again.
   *
   * @param key unique in the task; a second call with it is a step of its own, `key:1`
   * @throws what `body` throws, as an error with its name, message and stack
   *
   * @example
   * const charge = await step.run("charge", () => stripe.charges.create(order));
   */
  async run<T>(
    key: string,
    body: () => MaybePromise<T>,
    { retry }: TaskStepOptions = {},
  ): Promise<T> {
    const scope = requireSteps("step.run");
    const place = currentPlace()!;
    const id = scope.keys.next(key);
    const inside = `inside of the step ${JSON.stringify(key)}`;
    const call = async (): Promise<unknown> => pack(await runAt({ ...place, inside }, body));
    const result = await scope.run.run(id, call, {
      retries: retry ? (retry.maxAttempts ?? 3) - 1 : 0,
      backoff: (attempt) => (retry && nextRetryDelay(retry, attempt)) ?? 0,
    });
    return unpack(result) as T;
  },
};
