import { LonghaulError } from "../../core/errors.ts";
import type { ChildEnd, StartCall, StartResult } from "../../runs/store/start-details.ts";
import { TaskPayloadParsedError } from "../errors/task-errors.ts";
import { currentHost } from "../host/binding.ts";
import { pack } from "../payload.ts";
import { currentPlace, requireSteps, scopeForSteps, type TaskScope } from "../run/scope.ts";
import { attemptKey, digest } from "../run/step-key.ts";
import { hasWaitHooks, waitWithHooks } from "../run/waiting.ts";
import type { RunHandle, TaskRunResult } from "../types/results.ts";
import type { TriggerOptions } from "../types/trigger-options.ts";
import { resolveKey } from "../idempotency-keys.ts";
import { childResult } from "./child-result.ts";
import { startCallOf, type TriggerFunction } from "./start-call.ts";
import { type Target, targetOf } from "./target.ts";

/**
 * Starting one run: from outside, where it is one commit, and from a task, where it is a step of the journal too. Keys of
 * steps are given before anything is waited for, so that calls side by side have the same keys in a replay.
 */

/** Starts a run. */
export async function trigger(
  task: unknown,
  payload: unknown,
  options: TriggerOptions = {},
): Promise<RunHandle> {
  const target = targetOf(task);
  const scope = scopeForSteps();
  const key = scope && childKey(scope, "trigger", target, payload, options);
  await checkPayload(target, payload);
  const [result] = await startRuns(scope, key, [callOf(target, payload, options, "trigger")]);
  const handle = handleOf(target, result!);
  return scope ? handle : withAccessToken(handle);
}

/** Where this runtime has a server, whoever triggers gets a token for the browser that is to follow the run. */
async function withAccessToken(handle: RunHandle): Promise<RunHandle> {
  const { server } = currentHost();
  if (!server) return handle;
  const publicAccessToken = await server.createPublicToken({ scopes: [`read:run:${handle.id}`] });
  return { ...handle, publicAccessToken };
}

/** In a task: starts a run and waits for its end. */
export async function triggerAndWait(
  task: unknown,
  payload: unknown,
  options: TriggerOptions = {},
): Promise<TaskRunResult> {
  const scope = requireSteps("triggerAndWait");
  const target = targetOf(task);
  const key = childKey(scope, "triggerAndWait", target, payload, options);
  await checkPayload(target, payload);
  const call = callOf(target, payload, options, "triggerAndWait");
  return childResult(await awaitChild(scope, key, call));
}

/** In a task: starts a run, and waits for its end or for `signal`, which cancels it. */
export async function triggerAndSubscribe(
  task: unknown,
  payload: unknown,
  options: TriggerOptions & {
    readonly signal?: AbortSignal | undefined;
    readonly cancelOnAbort?: boolean | undefined;
  } = {},
): Promise<TaskRunResult> {
  const { signal, cancelOnAbort = true, ...rest } = options;
  const scope = requireSteps("triggerAndSubscribe");
  const target = targetOf(task);
  const key = childKey(scope, "triggerAndSubscribe", target, payload, rest);
  const endKey = attemptKey(scope, `${key}:end`);
  await checkPayload(target, payload);
  const call = callOf(target, payload, rest, "triggerAndSubscribe");
  const [result] = await startRuns(scope, key, [call]);
  const { runId } = result!;
  const cancel = (): void =>
    void scope.host
      .cancel(runId, "the signal of triggerAndSubscribe was aborted")
      .catch((error: unknown) => scope.log.problem("cancel", error));
  if (cancelOnAbort && signal?.aborted) cancel();
  else if (cancelOnAbort) signal?.addEventListener("abort", cancel, { once: true });
  const [end] = await scope.run.waitForRuns(endKey, [runId]);
  signal?.removeEventListener("abort", cancel);
  return childResult(end!);
}

/**
 * The key of a step that starts runs of a task. The payload is part of it, so that calls side by side find their own
 * results whatever their order; with an idempotency key, that is.
 */
export function childKey(
  scope: TaskScope,
  by: TriggerFunction,
  { id }: Target,
  payload: unknown,
  { idempotencyKey }: TriggerOptions,
): string {
  const about =
    idempotencyKey === undefined ? pack(payload) : resolveKey(idempotencyKey, scope.ctx);
  return attemptKey(scope, by, id, digest(about));
}

/** A run to start, as the engine takes it. */
export function callOf(
  target: Target,
  payload: unknown,
  options: TriggerOptions,
  by: TriggerFunction,
  batchId?: string,
): StartCall {
  const scope = currentPlace()?.scope;
  const now = currentHost().now();
  return startCallOf({ target, payload, options, by, now, scope, batchId });
}

/** Starts runs: in a task as a step. */
export async function startRuns(
  scope: TaskScope | undefined,
  key: string | undefined,
  calls: readonly StartCall[],
): Promise<readonly StartResult[]> {
  if (!scope || key === undefined) return currentHost().startRuns(calls);
  return scope.run.start(key, calls);
}

/**
 * Holds a payload to the schema of its task, where that is known here. What is sent is what was given: the task parses it
 * again.
 * @throws {TaskPayloadParsedError}
 */
export function checkPayload({ plan }: Target, payload: unknown): Promise<void> | undefined {
  if (!plan?.parse) return undefined;
  const fail = (error: unknown): never => {
    throw new TaskPayloadParsedError(error);
  };
  try {
    const parsed = plan.parse(payload);
    if (parsed instanceof Promise) return parsed.then(() => {}, fail);
  } catch (error) {
    fail(error);
  }
  return undefined;
}

/** @throws {LonghaulError} RUNS_START_REFUSED */
export function handleOf({ id }: Target, { runId, isCached, refused }: StartResult): RunHandle {
  if (refused)
    throw new LonghaulError("RUNS_START_REFUSED", {
      function: id,
      reason: refused === "limited" ? "its rate limit" : "another run of it is going on",
    });
  return { id: runId, taskIdentifier: id, isCached };
}

/** `onWait` is told the run, so that with such a hook it is started by a step of its own. */
async function awaitChild(scope: TaskScope, key: string, call: StartCall): Promise<ChildEnd> {
  if (!hasWaitHooks(scope)) {
    const wait = { type: "task", runId: "" } as const;
    return waitWithHooks(scope, key, wait, () => scope.run.child(key, call));
  }
  const endKey = attemptKey(scope, `${key}:end`);
  const [started] = await scope.run.start(key, [call]);
  const { runId } = started!;
  const [end] = await waitWithHooks(scope, endKey, { type: "task", runId }, () =>
    scope.run.waitForRuns(endKey, [runId]),
  );
  return end!;
}
