import type { RunHost } from "../../../runs/hosting.ts";
import type { SerializedError } from "../../../runs/types.ts";
import type { Untyped } from "../../types/untyped.ts";
import { surroundings, type TriggerContext } from "../context.ts";
import { receive } from "../events/event.ts";
import { readStatuses, type StatusRecord } from "../io/status.ts";
import type { Job } from "../job.ts";
import { type JobRunStatus, statusOf } from "./run-status.ts";

interface RunNotificationCommon extends Pick<
  TriggerContext,
  "environment" | "organization" | "project" | "account" | "job"
> {
  readonly id: string;
  readonly statuses: readonly StatusRecord[];
  readonly startedAt: Date;
  readonly updatedAt: Date;
  readonly completedAt: Date;
  readonly isTest: boolean;
  /** From the start to the end, waits included. */
  readonly executionDurationInMs: number;
  /** The event that started it. */
  readonly invocation: {
    readonly id: string;
    readonly context: Untyped;
    readonly timestamp: Date;
    readonly payload: Untyped;
  };
}

/** A run that has ended well. */
export interface SuccessfulRunNotification<TOutput = Untyped> extends RunNotificationCommon {
  readonly ok: true;
  readonly status: "SUCCESS";
  readonly output: TOutput;
}

/** A run that has not. */
export interface FailedRunNotification extends RunNotificationCommon {
  readonly ok: false;
  readonly status: Exclude<JobRunStatus, "SUCCESS">;
  readonly error: SerializedError;
}

/** How a run has ended. */
export type RunNotification<TOutput = Untyped> =
  SuccessfulRunNotification<TOutput> | FailedRunNotification;

/** How a run of a job has ended, from what is stored of it; `undefined` if nothing is any more. */
export async function notificationOf(
  host: RunHost,
  runId: string,
  job: Job,
): Promise<RunNotification | undefined> {
  const record = await host.getRun(runId);
  if (record === undefined) return undefined;
  const { id, context, timestamp, payload, accountId } = receive(record.events[0]!);
  const completedAt = record.finishedAt ?? record.queuedAt;
  const startedAt = record.startedAt ?? completedAt;
  const common: RunNotificationCommon = {
    id: runId,
    statuses: await readStatuses(host, runId),
    startedAt: new Date(startedAt),
    updatedAt: new Date(completedAt),
    completedAt: new Date(completedAt),
    isTest: record.details?.isTest ?? false,
    executionDurationInMs: completedAt - startedAt,
    job: { id: job.id, version: job.version },
    ...surroundings(job.client.id),
    ...(accountId !== undefined && { account: { id: accountId } }),
    invocation: { id, context, timestamp, payload },
  };
  const status = statusOf(record);
  if (status === "SUCCESS")
    return { ...common, ok: true, status, output: JSON.parse(record.output ?? "null") as unknown };
  const { error = { name: "Error", message: `The run ended as ${record.state}` } } = record;
  return { ...common, ok: false, status, error };
}

/** What JSON has made of one, with its dates. */
export function reviveNotification<TOutput>(json: unknown): RunNotification<TOutput> {
  const notification = json as RunNotification<TOutput>;
  const { startedAt, updatedAt, completedAt, invocation } = notification;
  return {
    ...notification,
    startedAt: new Date(startedAt),
    updatedAt: new Date(updatedAt),
    completedAt: new Date(completedAt),
    invocation: { ...invocation, timestamp: new Date(invocation.timestamp) },
  };
}
