import type { RunHost } from "../../runs/hosting.ts";
import { SCHEDULED_EVENT } from "../../runs/schedules.ts";
import type { RunRecord } from "../../runs/store/run-store.ts";
import type { StartCall } from "../../runs/store/start-details.ts";
import { currentHost } from "../host/binding.ts";
import { extraOf } from "../run/read-run.ts";
import { scopeForSteps } from "../run/scope.ts";
import { attemptKey } from "../run/step-key.ts";
import { startCallOf } from "../trigger/start-call.ts";
import { findTask } from "../task/catalog.ts";
import { handleOf } from "../trigger/trigger.ts";
import type { MachinePreset } from "../types/context.ts";
import type { TriggerOptions } from "../types/trigger-options.ts";
import { findRun } from "./change-runs.ts";
import { checkProperties, readId } from "./refusals.ts";
import { payloadOfRecord } from "./run-info.ts";
import type { AnyRunHandle, PayloadOf, RunRef } from "./run-types.ts";

/** What is said anew when a run is repeated; the rest is as it was. */
export interface ReplayOptions<TPayload = unknown> extends Pick<
  TriggerOptions,
  "tags" | "queue" | "delay" | "ttl" | "metadata" | "maxAttempts" | "maxDuration" | "priority"
> {
  readonly payload?: TPayload;
  readonly concurrencyKey?: TriggerOptions["concurrencyKey"];
  readonly machine?: MachinePreset | undefined;
}

const CALL = "runs.replay";
const NAMES: readonly (keyof ReplayOptions)[] = [
  "payload",
  "tags",
  "queue",
  "delay",
  "ttl",
  "metadata",
  "maxAttempts",
  "maxDuration",
  "priority",
  "concurrencyKey",
  "machine",
];
const LACKING = {
  region: "there are no regions",
  version: "there are no versions: runs use the code that the process has",
};
const DAY_MS = 86_400_000;

/**
 * Starts a run with what another was given: payload, tags, metadata of the trigger, queue, priority, limits. It is no
 * child, in no batch, and has no idempotency key. In a task this is a step: a replay of that gives the same run.
 *
 * @throws {LonghaulError} TASK_NOT_FOUND, TASK_BAD_CALL, RUNS_UNKNOWN_FUNCTION, and what triggering throws
 */
export async function replayRun<TRun>(
  run: RunRef<TRun>,
  options: ReplayOptions<PayloadOf<TRun>> = {},
): Promise<AnyRunHandle> {
  const id = readId(CALL, run);
  checkProperties(CALL, options, NAMES, LACKING);
  const host = currentHost();
  const scope = scopeForSteps();
  if (!scope) return replay(host, id, options);
  const key = attemptKey(scope, CALL, id);
  const once = `${CALL} ${scope.run.id} ${key}`;
  return scope.run.run(key, () => replay(host, id, options, once), {
    retries: 0,
  }) as Promise<AnyRunHandle>;
}

/** @param once Calls with the same text start one run. */
export async function replay(
  host: RunHost,
  id: string,
  options: ReplayOptions,
  once?: string,
): Promise<AnyRunHandle> {
  const found = await findRun(host, id);
  const call = callOfReplay(found, options, host.now());
  const until = host.now() + DAY_MS;
  const details = {
    ...call.details,
    ...(once !== undefined && { idempotency: { key: once, until } }),
  };
  const [result] = await host.startRuns([{ ...call, details }]);
  return handleOf({ id: found.functionId, plan: undefined }, result!);
}

function callOfReplay(run: RunRecord, options: ReplayOptions, now: number): StartCall {
  const { functionId, details = {}, events } = run;
  const extra = extraOf(details);
  const { payload, ...said } = options;
  const { ttlMs, concurrencyKey, machine, priority, metadata } = extra ?? {};
  const call = startCallOf({
    target: { id: functionId, plan: findTask(functionId) },
    payload: "payload" in options ? payload : payloadOfRecord(run),
    options: {
      tags: details.tags,
      queue: details.queue,
      ttl: ttlMs === undefined ? undefined : ttlMs / 1_000,
      metadata,
      maxAttempts: details.maxAttempts,
      maxDuration: details.maxDurationMs === undefined ? undefined : details.maxDurationMs / 1_000,
      priority,
      concurrencyKey,
      machine,
      test: details.isTest,
      ...defined(said),
    },
    by: "trigger",
    now,
    scope: undefined,
  });
  const started = { ...call, details: { ...call.details, replayOf: run.id } };
  if (isTaskRun(run) || "payload" in options) return started;
  // The function of another idiom, or a task that an event has started: its data is the event's.
  const { extra: _, ...own } = started.details;
  return { ...started, data: events[0]!.data, details: own };
}

/** Whether what the run was given is in Trigger.dev's form, or is to be: a tick has to be made a payload. */
function isTaskRun({ functionId, events, details = {} }: RunRecord): boolean {
  if (details.extra !== undefined) return true;
  if (events[0]!.name !== SCHEDULED_EVENT) return false;
  return details.scheduleId !== undefined || findTask(functionId) !== undefined;
}

/** Without the properties that are undefined. */
const defined = <T extends object>(value: T): T =>
  Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as T;
