import type { TriggerFunction } from "../trigger/start-call.ts";
import type { RunHandle } from "../types/results.ts";
import type { AnyTask, TaskOutput, TaskPayload } from "../types/task.ts";
import type { Untyped } from "../types/untyped.ts";
import type { RunStatus, StatusFlags } from "./statuses.ts";

export type AnyRunHandle = RunHandle;

/** A run by its id or its handle; of `runs.retrieve<typeof processImage>` by its id. */
export type RunRef<TRun> = string | Extract<TRun, AnyRunHandle> | { readonly id: string };
/** What the run of a handle, or of a task, was given. */
export type PayloadOf<TRun> =
  TRun extends RunHandle<string, infer TPayload>
    ? TPayload
    : TRun extends AnyTask
      ? TaskPayload<TRun>
      : Untyped;
/** What the run of a handle, or of a task, returns. */
export type OutputOf<TRun> =
  TRun extends RunHandle<string, Untyped, infer TOutput>
    ? TOutput
    : TRun extends AnyTask
      ? TaskOutput<TRun>
      : Untyped;

/** A run as it is, as lists show it. */
export interface RunInfo extends StatusFlags {
  readonly id: string;
  readonly status: RunStatus;
  readonly taskIdentifier: string;
  readonly idempotencyKey?: string;
  readonly isTest: boolean;
  readonly createdAt: Date;
  /** When it started or ended, or was made. */
  readonly updatedAt: Date;
  readonly startedAt?: Date;
  readonly finishedAt?: Date;
  /** While it is delayed. */
  readonly delayedUntil?: Date;
  /** What the trigger said: `"600s"`. */
  readonly ttl?: string;
  readonly expiredAt?: Date;
  readonly tags: string[];
  readonly metadata?: Record<string, Untyped>;
  readonly depth: number;
  readonly batchId?: string;
  readonly triggerFunction: TriggerFunction;
  /** From its start to its end, or to now, waits included. */
  readonly durationMs: number;
  /** 0: nothing is charged. */
  readonly costInCents: number;
  readonly baseCostInCents: number;
}

/** The error that a run failed with. */
export interface RunError {
  readonly name: string;
  readonly message: string;
  readonly stackTrace?: string;
}

/** A run with what it was given and what it came to, as subscriptions show it. */
export interface RunWithData<TRun = Untyped> extends RunInfo {
  readonly payload?: PayloadOf<TRun>;
  /** There once the run has completed. */
  readonly output?: OutputOf<TRun>;
  readonly error?: RunError;
}

/** A run as `runs.retrieve` shows it. */
export interface RetrievedRun<TRun = Untyped> extends RunWithData<TRun> {
  /** Executions of the task's code that were begun, replays after a crash not counted. */
  readonly attemptCount: number;
  /** The schedule that started it, if that was made by `schedules.create`. */
  readonly schedule?: { readonly id: string; readonly externalId?: string };
  readonly relatedRuns: {
    readonly root?: RunInfo;
    readonly parent?: RunInfo;
    /** Newest first; at most 1,000. */
    readonly children: RunInfo[];
  };
}
