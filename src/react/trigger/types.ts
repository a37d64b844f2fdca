/** What a run is doing, in Trigger.dev's words; those that Longhaul never says are left out. */
export type TriggerRunStatus =
  | "DELAYED"
  | "QUEUED"
  | "EXECUTING"
  | "WAITING"
  | "COMPLETED"
  | "FAILED"
  | "CANCELED"
  | "CRASHED"
  | "EXPIRED"
  | "TIMED_OUT";

/** A run as Trigger.dev's hooks show it. */
export interface RunWithData<Output = unknown> {
  readonly id: string;
  readonly status: TriggerRunStatus;
  readonly taskIdentifier: string;
  readonly tags: string[];
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly startedAt?: Date;
  readonly finishedAt?: Date;
  /** While it is delayed. */
  readonly delayedUntil?: Date;
  readonly metadata?: Readonly<Record<string, unknown>>;
  /** There once the run has completed. */
  readonly output?: Output;
  readonly error?: {
    readonly name: string;
    readonly message: string;
    readonly stackTrace: string | undefined;
  };
  readonly isQueued: boolean;
  readonly isExecuting: boolean;
  readonly isWaiting: boolean;
  /** Over, whatever came of it. */
  readonly isCompleted: boolean;
  readonly isSuccess: boolean;
  readonly isFailed: boolean;
  readonly isCancelled: boolean;
}

/** As little of a task as its hooks need: `typeof processImage`. */
export interface TaskLike {
  readonly id: string;
  trigger(payload: never, ...rest: never[]): Promise<unknown>;
  triggerAndWait(payload: never, ...rest: never[]): PromiseLike<unknown>;
}

/** What a task is given. */
export type PayloadOf<Task> = Task extends {
  trigger(payload: infer Payload, ...rest: never[]): unknown;
}
  ? Payload
  : unknown;

/** What a task returns. */
export type OutputOf<Task> = Task extends {
  triggerAndWait(payload: never, ...rest: never[]): PromiseLike<infer Result>;
}
  ? Extract<Result, { readonly ok: true }> extends { readonly output: infer Output }
    ? Output
    : unknown
  : unknown;

/** Options of all hooks. */
export interface RealtimeOptions {
  /** A public token for this thing, if the provider's token does not reach it. */
  readonly accessToken?: string | undefined;
  /** @default true */
  readonly enabled?: boolean | undefined;
  /** @default 16 */
  readonly throttleInMs?: number | undefined;
}
