import type { RetryOptions } from "../retry/retry-options.ts";
import type { TaskRunContext } from "./context.ts";
import type { MaybePromise, Untyped } from "./untyped.ts";

/** What every hook gets. */
export interface HookParams<TPayload = Untyped, TInit = Untyped> {
  readonly payload: TPayload;
  readonly ctx: TaskRunContext;
  /** The task's id. */
  readonly task: string;
  /** Aborted when the run is canceled or out of time. */
  readonly signal: AbortSignal;
  /** What the `init` hooks returned, merged. */
  readonly init?: TInit;
}

/** What a run came to. */
export type AttemptResult<TOutput = Untyped> =
  { readonly ok: true; readonly data: TOutput } | { readonly ok: false; readonly error: unknown };

/** What a run waits for. */
export type TaskWait =
  | { readonly type: "duration"; readonly date: Date }
  | { readonly type: "token"; readonly token: string }
  | { readonly type: "task"; readonly runId: string }
  | { readonly type: "batch"; readonly batchId: string; readonly runCount: number };

/** What `catchError` may say; nothing leaves it to the next. */
export type CatchErrorResult =
  | undefined
  | void
  | {
      readonly skipRetrying?: boolean | undefined;
      readonly retryAt?: Date | undefined;
      readonly retryDelayInMs?: number | undefined;
      /** The formula to take instead of the task's. */
      readonly retry?: RetryOptions | undefined;
      /** The error to record instead. */
      readonly error?: unknown;
    };

export type InitHook<TPayload = Untyped, TInit = Untyped> = (
  params: HookParams<TPayload>,
) => MaybePromise<TInit>;
export type StartHook<TPayload = Untyped, TInit = Untyped> = (
  params: HookParams<TPayload, TInit>,
) => MaybePromise<unknown>;
export type SuccessHook<TPayload = Untyped, TOutput = Untyped, TInit = Untyped> = (
  params: HookParams<TPayload, TInit> & { readonly output: TOutput },
) => MaybePromise<unknown>;
export type FailureHook<TPayload = Untyped, TInit = Untyped> = (
  params: HookParams<TPayload, TInit> & { readonly error: unknown },
) => MaybePromise<unknown>;
export type CompleteHook<TPayload = Untyped, TOutput = Untyped, TInit = Untyped> = (
  params: HookParams<TPayload, TInit> & { readonly result: AttemptResult<TOutput> },
) => MaybePromise<unknown>;
export type WaitHook<TPayload = Untyped, TInit = Untyped> = (
  params: HookParams<TPayload, TInit> & { readonly wait: TaskWait },
) => MaybePromise<unknown>;
export type CatchErrorHook<TPayload = Untyped, TInit = Untyped> = (
  params: HookParams<TPayload, TInit> & {
    readonly error: unknown;
    /** The formula that holds if no hook says otherwise, and when the next attempt would be. */
    readonly retry?: RetryOptions | undefined;
    readonly retryAt?: Date | undefined;
    readonly retryDelayInMs?: number | undefined;
  },
) => MaybePromise<CatchErrorResult>;
export type MiddlewareHook<TPayload = Untyped> = (
  params: HookParams<TPayload> & { readonly next: () => Promise<void> },
) => MaybePromise<unknown>;
export type CancelHook<TPayload = Untyped, TInit = Untyped> = (
  params: HookParams<TPayload, TInit> & {
    /** Settles as `run` does. */
    readonly runPromise: Promise<unknown>;
  },
) => MaybePromise<unknown>;

/** The hooks that a task may have, and all tasks together. */
export interface LifecycleHooks<TPayload = Untyped, TOutput = Untyped, TInit = Untyped> {
  readonly init?: InitHook<TPayload, TInit> | undefined;
  /** Before the first attempt only; `onStartAttempt` comes before each. */
  readonly onStart?: StartHook<TPayload, TInit> | undefined;
  readonly onStartAttempt?: StartHook<TPayload, TInit> | undefined;
  readonly onSuccess?: SuccessHook<TPayload, TOutput, TInit> | undefined;
  /** After the last attempt has failed. */
  readonly onFailure?: FailureHook<TPayload, TInit> | undefined;
  /** After `onSuccess` or `onFailure`. */
  readonly onComplete?: CompleteHook<TPayload, TOutput, TInit> | undefined;
  readonly onWait?: WaitHook<TPayload, TInit> | undefined;
  readonly onResume?: WaitHook<TPayload, TInit> | undefined;
  readonly onCancel?: CancelHook<TPayload, TInit> | undefined;
  readonly catchError?: CatchErrorHook<TPayload, TInit> | undefined;
  /** The older name of `catchError`. */
  readonly handleError?: CatchErrorHook<TPayload, TInit> | undefined;
  readonly middleware?: MiddlewareHook<TPayload> | undefined;
  /** At the end of each attempt, whatever it came to. */
  readonly cleanup?: StartHook<TPayload, TInit> | undefined;
}

export type HookName = keyof LifecycleHooks;
