import type { FunctionDefinition } from "../../runs/definition.ts";
import { validateDefinition } from "../../runs/flow-control/validate.ts";
import { attach, type Attachable, type RunHost } from "../../runs/hosting.ts";
import type { Untyped } from "../types/untyped.ts";
import { bindClient, hostOf } from "./binding.ts";
import type { TriggerClient } from "./client.ts";
import { execute } from "./execute.ts";
import {
  type BatchItem,
  invokeAll,
  invokeAndWait,
  invokeIn,
  type InvokeOptions,
  invokeOutside,
} from "./invoke.ts";
import { decideRetry } from "./io/failure.ts";
import type { TaskKey } from "./io/task-key.ts";
import { checkJobOptions, type JobOptions, slugOf } from "./job-options.ts";
import { currentScope } from "./run-scope.ts";
import { endEventsOf, endFunction, type EndListeners } from "./runs/end-listeners.ts";
import type { RunNotification } from "./runs/run-notification.ts";
import type { InvokeOf, JobTrigger } from "./triggers/trigger.ts";

/**
 * A job, made by `client.defineJob`. It does nothing until a runtime serves it, or its client:
 * `createLonghaul({ functions: [client] })`.
 */
export class Job<
  TTrigger extends JobTrigger = JobTrigger,
  TOutput = Untyped,
> implements Attachable {
  readonly client: TriggerClient;
  readonly options: JobOptions<TTrigger, TOutput>;

  /** @internal Use `client.defineJob`. */
  constructor(client: TriggerClient, options: JobOptions<TTrigger, TOutput>) {
    checkJobOptions(options as JobOptions<JobTrigger, Untyped>);
    this.client = client;
    this.options = options;
    validateDefinition(this.#definition(() => hostOf(client)));
    options.trigger.usedBy?.(this);
  }

  get id(): string {
    return slugOf(this.options.id);
  }

  get name(): string {
    return this.options.name;
  }

  get version(): string {
    return this.options.version;
  }

  get trigger(): TTrigger {
    return this.options.trigger;
  }

  get enabled(): boolean {
    return this.options.enabled ?? true;
  }

  /** The id that it has in the store: its client's, and its own. */
  get functionId(): string {
    return `${this.client.id}-${this.id}`;
  }

  /** @internal Who is told of the ends of its runs. */
  get listeners(): EndListeners {
    const { onSuccess, onFailure } = this.options;
    const { runSucceeded, runFailed } = this.client.listeners;
    return {
      runSucceeded: [...(onSuccess ? [onSuccess] : []), ...runSucceeded],
      runFailed: [...(onFailure ? [onFailure] : []), ...runFailed],
    };
  }

  /**
   * Starts a run. In a run it takes a key, and is done once.
   *
   * @throws {LonghaulError} TRIGGER_V2_INVALID_PAYLOAD, TRIGGER_V2_JOB_DISABLED, TRIGGER_V2_BAD_CALL
   */
  invoke(
    key: string,
    payload: InvokeOf<TTrigger>,
    options?: InvokeOptions,
  ): Promise<{ id: string }>;
  invoke(payload: InvokeOf<TTrigger>, options?: InvokeOptions): Promise<{ id: string }>;
  invoke(first: unknown, second?: unknown, third?: InvokeOptions): Promise<{ id: string }> {
    return currentScope() === undefined
      ? invokeOutside(this.#self, first, second)
      : invokeIn(this.#self, first, second, third);
  }

  /**
   * Starts a run, and waits for its end, whatever that is: look at `ok`.
   *
   * @param timeoutInSeconds The run itself goes on. @default 3600
   * @throws {LonghaulError} TRIGGER_V2_TIMEOUT, TRIGGER_V2_NOT_IN_RUN, and what `invoke` throws
   */
  invokeAndWaitForCompletion(
    key: TaskKey,
    payload: InvokeOf<TTrigger>,
    timeoutInSeconds?: number,
    options?: Pick<InvokeOptions, "accountId" | "context">,
  ): Promise<RunNotification<TOutput>> {
    return invokeAndWait(this.#self, key, { payload, timeoutInSeconds, options });
  }

  /** The same for many: started all at once, in the order given. @throws as `invokeAndWaitForCompletion` */
  batchInvokeAndWaitForCompletion(
    key: TaskKey,
    batch: readonly BatchItem<InvokeOf<TTrigger>>[],
  ): Promise<RunNotification<TOutput>[]> {
    return invokeAll(this.#self, key, batch);
  }

  /** Registers the job with a runtime. */
  [attach](host: RunHost): () => void {
    this.registerWith(host);
    return bindClient(this.client, host);
  }

  /** @internal */
  registerWith(host: RunHost): void {
    const main = this.#definition(() => host);
    const { runSucceeded, runFailed } = this.listeners;
    const isListenedTo = runSucceeded.length + runFailed.length > 0;
    host.register(isListenedTo ? [main, endFunction(this.#self, () => host)] : [main]);
  }

  get #self(): Job {
    return this;
  }

  #definition(host: () => RunHost): FunctionDefinition {
    const { concurrencyLimit } = this.options;
    return {
      id: this.functionId,
      name: this.name,
      triggers: this.enabled ? this.trigger.triggers : [],
      retries: 0,
      backoff: () => 0,
      decideRetry,
      handler: (run) => execute(this.#self, run, host()),
      ...(concurrencyLimit !== undefined && {
        concurrency: [
          typeof concurrencyLimit === "number"
            ? { limit: concurrencyLimit }
            : {
                limit: concurrencyLimit.limit,
                key: JSON.stringify(`${this.client.id}:${concurrencyLimit.id}`),
                scope: "env" as const,
              },
        ],
      }),
      endEvents: (end) => {
        const { runSucceeded, runFailed } = this.listeners;
        const listeners = end.state === "completed" ? runSucceeded : runFailed;
        return listeners.length === 0 ? [] : endEventsOf(end);
      },
    };
  }
}
