import type { RunHost } from "../../runs/hosting.ts";
import type { RunRecord } from "../../runs/store/run-store.ts";
import { MAX_PAGE } from "../../runs/store/limits.ts";
import { unpackText } from "../payload.ts";
import { extraOf, payloadOf } from "../run/read-run.ts";
import type { Untyped } from "../types/untyped.ts";
import type { RetrievedRun, RunInfo, RunWithData } from "./run-types.ts";
import { flagsOf, statusOf } from "./statuses.ts";

/** A run as lists show it. */
export function runInfo(run: RunRecord, now: number): RunInfo {
  const { id, functionId, state, createdAt, startedAt, finishedAt, dueAt, details = {} } = run;
  const extra = extraOf(details);
  const status = statusOf(run);
  const finished = finishedAt === undefined ? undefined : new Date(finishedAt);
  return {
    id,
    status,
    ...flagsOf(status),
    taskIdentifier: functionId,
    ...(extra?.idempotencyKey !== undefined && { idempotencyKey: extra.idempotencyKey }),
    isTest: details.isTest ?? false,
    createdAt: new Date(createdAt),
    updatedAt: new Date(Math.max(createdAt, startedAt ?? 0, finishedAt ?? 0)),
    ...(startedAt !== undefined && { startedAt: new Date(startedAt) }),
    ...(finished && { finishedAt: finished }),
    ...(state === "delayed" && dueAt !== undefined && { delayedUntil: new Date(dueAt) }),
    ...(extra?.ttlMs !== undefined && extra.ttlMs > 0 && { ttl: `${extra.ttlMs / 1_000}s` }),
    ...(state === "expired" && finished && { expiredAt: finished }),
    tags: [...(details.tags ?? [])],
    ...(details.metadata !== undefined && {
      metadata: JSON.parse(details.metadata) as Record<string, Untyped>,
    }),
    depth: details.depth ?? 0,
    ...(details.batchId !== undefined && { batchId: details.batchId }),
    triggerFunction: extra?.by ?? "trigger",
    durationMs: startedAt === undefined ? 0 : (finishedAt ?? now) - startedAt,
    costInCents: 0,
    baseCostInCents: 0,
  };
}

/** A run with what it was given and what it came to. */
export function runWithData(run: RunRecord, now: number): RunWithData {
  const { error, output, state } = run;
  const payload = payloadOfRecord(run);
  return {
    ...runInfo(run, now),
    ...(payload !== undefined && { payload }),
    ...(state === "completed" && { output: unpackText(output) }),
    ...(error && {
      error: {
        name: error.name,
        message: error.message,
        ...(error.stack !== undefined && { stackTrace: error.stack }),
      },
    }),
  };
}

/** What a run was given. */
export const payloadOfRecord = ({ functionId, events, details = {} }: RunRecord): unknown =>
  payloadOf({ functionId, event: events[0]!, details });

/** A run with its relatives. */
export async function retrievedRun(host: RunHost, run: RunRecord): Promise<RetrievedRun> {
  const { id, details = {} } = run;
  const { parentRunId, rootRunId, scheduleId } = details;
  const related = (runId: string | undefined): Promise<RunRecord | undefined> =>
    runId === undefined || runId === id ? Promise.resolve(undefined) : host.getRun(runId);
  const [root, parent, children, schedule] = await Promise.all([
    related(rootRunId),
    related(parentRunId),
    host.stores.runs.list({ parentRunId: id, limit: MAX_PAGE }),
    scheduleId === undefined ? undefined : host.stores.schedules.retrieve(scheduleId),
  ]);
  const now = host.now();
  return {
    ...runWithData(run, now),
    attemptCount: attemptsOf(run),
    ...(scheduleId !== undefined && {
      schedule: {
        id: scheduleId,
        ...(schedule?.externalId !== undefined && { externalId: schedule.externalId }),
      },
    }),
    relatedRuns: {
      ...(root && { root: runInfo(root, now) }),
      ...(parent && { parent: runInfo(parent, now) }),
      children: children.map((child) => runInfo(child, now)),
    },
  };
}

/** Each attempt that is tried again leaves an entry; the one that is under way, or was the last, does not. */
function attemptsOf({ startedAt, state, journal }: RunRecord): number {
  if (startedAt === undefined) return 0;
  const failed = journal.filter(({ kind }) => kind === "attempt").length;
  const isBetween =
    journal.at(-1)?.kind === "attempt" && (state === "waiting" || state === "queued");
  return isBetween ? failed : failed + 1;
}
