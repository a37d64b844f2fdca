/** Names of machines. They are shown in `ctx.machine`; where code runs is not theirs to say. */
export type MachinePreset =
  "micro" | "small-1x" | "small-2x" | "medium-1x" | "medium-2x" | "large-1x" | "large-2x";

export type EnvironmentType = "DEVELOPMENT" | "STAGING" | "PRODUCTION" | "PREVIEW";

/** Whose the idempotency key of a run is. */
export type IdempotencyKeyScope = "run" | "attempt" | "global";

/** What a run knows of itself: `ctx` of `run` and of the hooks. */
export interface TaskRunContext {
  readonly attempt: {
    /** From 1. */
    readonly number: number;
    readonly startedAt: Date;
  };
  readonly run: {
    readonly id: string;
    /** Those at the start of the attempt. */
    readonly tags: string[];
    readonly isTest: boolean;
    readonly isReplay: boolean;
    readonly createdAt: Date;
    readonly startedAt: Date;
    readonly idempotencyKey?: string;
    readonly idempotencyKeyScope?: IdempotencyKeyScope;
    readonly maxAttempts?: number;
    /** Seconds. */
    readonly maxDuration?: number;
    /** Seconds of head start. */
    readonly priority?: number;
    readonly version?: string;
    readonly baseCostInCents: number;
    readonly parentTaskRunId?: string;
    readonly rootTaskRunId?: string;
  };
  readonly task: { readonly id: string; readonly filePath: string };
  readonly queue: { readonly id: string; readonly name: string };
  readonly environment: {
    readonly id: string;
    readonly slug: string;
    readonly type: EnvironmentType;
    readonly branchName?: string;
  };
  readonly organization: { readonly id: string; readonly slug: string; readonly name: string };
  readonly project: {
    readonly id: string;
    readonly ref: string;
    readonly slug: string;
    readonly name: string;
  };
  readonly machine: {
    readonly name: MachinePreset;
    /** vCPUs. */
    readonly cpu: number;
    /** GB. */
    readonly memory: number;
    readonly centsPerMs: number;
  };
  readonly batch?: { readonly id: string };
}
