import { LonghaulError } from "../../core/errors.ts";
import type { StartCall } from "../../runs/store/start-details.ts";
import { hostOf } from "./binding.ts";
import { wrap } from "./events/event.ts";
import { keyText, type TaskKey } from "./io/task-key.ts";
import { milliseconds } from "./io/wait-for-event.ts";
import type { Job } from "./job.ts";
import { requireScope, type RunScope } from "./run-scope.ts";
import {
  notificationOf,
  reviveNotification,
  type RunNotification,
} from "./runs/run-notification.ts";
import type { Untyped } from "../types/untyped.ts";

/** How to start a run. */
export interface InvokeOptions {
  /** The same key starts the job once within 30 days. */
  readonly idempotencyKey?: string | undefined;
  /** `ctx.account.id` of the run. */
  readonly accountId?: string | undefined;
  /** `ctx.event.context` of the run; JSON. */
  readonly context?: Untyped;
  /** @throws {LonghaulError} TRIGGER_V2_UNSUPPORTED */
  readonly callbackUrl?: string | undefined;
}

/** One run of a batch. */
export interface BatchItem<TPayload = Untyped> {
  readonly payload: TPayload;
  /** @default 3600 */
  readonly timeoutInSeconds?: number | undefined;
  readonly options?: Pick<InvokeOptions, "accountId" | "context"> | undefined;
}

const DEFAULT_TIMEOUT_SECONDS = 60 * 60;
const IDEMPOTENCY_MS = 30 * 24 * 60 * 60 * 1_000;

/** `job.invoke(payload, options)` outside of runs. */
export async function invokeOutside(
  job: Job,
  payload: unknown,
  options: unknown,
): Promise<{ id: string }> {
  if (typeof payload === "string" && options !== undefined && !isOptions(options))
    throw new LonghaulError("TRIGGER_V2_NOT_IN_RUN", { call: `${job.id}.invoke() with a key` });
  const host = hostOf(job.client);
  const call = await startCall(job, payload, host.now(), options as InvokeOptions | undefined);
  const [started] = await host.startRuns([call]);
  return { id: started!.runId };
}

/** `job.invoke(key, payload, options)` in a run. */
export async function invokeIn(
  job: Job,
  key: unknown,
  payload: unknown,
  options?: InvokeOptions,
): Promise<{ id: string }> {
  const { run, host } = requireScope("invoke()");
  if (typeof key !== "string")
    throw new LonghaulError("TRIGGER_V2_BAD_CALL", {
      call: `${job.id}.invoke()`,
      reason: "in a run it needs a key: invoke(key, payload)",
    });
  const call = await startCall(job, payload, host.now(), options);
  const [started] = await run.start(keyText(key, "invoke()"), [call]);
  return { id: started!.runId };
}

/** Starts a run and waits for its end. */
export async function invokeAndWait(
  job: Job,
  key: TaskKey,
  item: BatchItem,
): Promise<RunNotification> {
  const [notification] = await invokeAll(job, key, [item], "invokeAndWaitForCompletion()");
  return notification!;
}

/** Starts runs, in one write, and waits for the ends of all. */
export async function invokeAll(
  job: Job,
  key: TaskKey,
  batch: readonly BatchItem[],
  call = "batchInvokeAndWaitForCompletion()",
): Promise<RunNotification[]> {
  const scope = requireScope(call);
  const id = keyText(key, call);
  const now = scope.host.now();
  const calls = await Promise.all(
    batch.map(async ({ payload, options }) => startCall(job, payload, now, options)),
  );
  const timeouts = batch.map(({ timeoutInSeconds = DEFAULT_TIMEOUT_SECONDS }) => timeoutInSeconds);
  for (const seconds of timeouts) milliseconds(seconds, `timeoutInSeconds of ${call}`);
  const body = async (): Promise<RunNotification[]> => {
    const started = await scope.run.start("start", calls);
    const clock = new Timeouts(scope, id);
    return Promise.all(
      started.map(async ({ runId }, i) => {
        const ended = scope.run.waitForRuns(`end ${i}`, [runId]);
        await Promise.race([ended, clock.after(timeouts[i]!)]);
        return (await scope.run.run(`run ${i}`, () =>
          notificationOf(scope.host, runId, job),
        )) as RunNotification;
      }),
    );
  };
  const json = (await scope.run.group(id, body, { retries: 0 })) as readonly unknown[];
  return json.map((one) => reviveNotification(one));
}

/** The time limits of a batch: one wait for all that have the same. */
class Timeouts {
  readonly #scope: RunScope;
  readonly #task: string;
  readonly #waits = new Map<number, Promise<never>>();

  constructor(scope: RunScope, task: string) {
    this.#scope = scope;
    this.#task = task;
  }

  /** Rejects when the time is over. */
  after(seconds: number): Promise<never> {
    let wait = this.#waits.get(seconds);
    if (wait === undefined) this.#waits.set(seconds, (wait = this.#reject(seconds)));
    return wait;
  }

  async #reject(seconds: number): Promise<never> {
    const { run, host } = this.#scope;
    await run.sleepUntil(`timeout ${seconds}`, host.now() + seconds * 1_000);
    throw new LonghaulError("TRIGGER_V2_TIMEOUT", { task: this.#task, seconds });
  }
}

async function startCall(
  job: Job,
  payload: unknown,
  now: number,
  options: InvokeOptions = {},
): Promise<StartCall> {
  if (!job.enabled) throw new LonghaulError("TRIGGER_V2_JOB_DISABLED", { job: job.id });
  if (options.callbackUrl !== undefined)
    throw new LonghaulError("TRIGGER_V2_UNSUPPORTED", {
      feature: "callbackUrl of invoke()",
      reason: "use onSuccess and onFailure of the job",
    });
  await job.trigger.checkInvoke(payload);
  const { idempotencyKey, accountId, context } = options;
  const key = idempotencyKey && `v2 invoke ${job.functionId} ${idempotencyKey}`;
  return {
    functionId: job.functionId,
    ...wrap(payload, {
      ...(context !== undefined && { context: context as unknown }),
      ...(accountId !== undefined && { accountId }),
    }),
    ...(key && { details: { idempotency: { key, until: now + IDEMPOTENCY_MS } } }),
  };
}

const OPTIONS: ReadonlySet<string> = new Set<keyof InvokeOptions>([
  ...(["idempotencyKey", "accountId", "context", "callbackUrl"] as const),
]);

const isOptions = (value: unknown): boolean =>
  typeof value === "object" &&
  value !== null &&
  Object.keys(value).every((key) => OPTIONS.has(key));
