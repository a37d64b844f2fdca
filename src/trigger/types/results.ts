import type { Untyped } from "./untyped.ts";

/** Where the types of a handle are; never there. */
declare const TYPES: unique symbol;

/** A run that was triggered. */
export interface RunHandle<
  TIdentifier extends string = string,
  TPayload = Untyped,
  TOutput = Untyped,
> {
  readonly id: string;
  readonly taskIdentifier: TIdentifier;
  /** Whether an idempotency key or a debounce gave a run that was there already. */
  readonly isCached?: boolean;
  /**
   * Lets a browser follow the run, for a quarter of an hour. There only where the process that triggers, outside of a
   * task, has a server: `createServer(longhaul)`.
   */
  readonly publicAccessToken?: string;
  readonly [TYPES]?: { readonly payload: TPayload; readonly output: TOutput };
}

/** A batch that was triggered: also a list of the handles of its runs, in the order of the items. */
export interface BatchRunHandle<
  TIdentifier extends string = string,
  TPayload = Untyped,
  TOutput = Untyped,
> extends ReadonlyArray<RunHandle<TIdentifier, TPayload, TOutput>> {
  readonly batchId: string;
  readonly runCount: number;
  /** The same list. */
  readonly runs: readonly RunHandle<TIdentifier, TPayload, TOutput>[];
}

/** How a child run ended. */
export type TaskRunResult<TIdentifier extends string = string, TOutput = Untyped> =
  | {
      readonly ok: true;
      readonly id: string;
      readonly taskIdentifier: TIdentifier;
      readonly output: TOutput;
    }
  | {
      readonly ok: false;
      readonly id: string;
      readonly taskIdentifier: TIdentifier;
      /** An Error with the name, message and stack of the one that the child failed with. */
      readonly error: unknown;
    };

/** How the runs of a batch ended, in the order of the items. */
export interface BatchResult<TIdentifier extends string = string, TOutput = Untyped> {
  readonly id: string;
  readonly runs: TaskRunResult<TIdentifier, TOutput>[];
}
