import type { RunState } from "../types.ts";
import type { RunRecord } from "./run-store.ts";

/** Which runs; all that is said has to fit. Of a list, one of its items has to. */
export interface RunFilter {
  readonly states?: readonly RunState[] | undefined;
  readonly functionIds?: readonly string[] | undefined;
  readonly tags?: readonly string[] | undefined;
  readonly batchId?: string | undefined;
  readonly scheduleId?: string | undefined;
  readonly parentRunId?: string | undefined;
  readonly rootRunId?: string | undefined;
  /** The queue that its start named. */
  readonly queue?: string | undefined;
  readonly isTest?: boolean | undefined;
  /** Made at this time or later, epoch ms. */
  readonly from?: number | undefined;
  /** Made at this time or earlier, epoch ms. */
  readonly to?: number | undefined;
}

/** Runs as people look for them. Their journals are left out. */
export interface RunListStore {
  /** Runs, newest first. */
  list(
    params: RunFilter & {
      readonly limit: number;
      /** The page that follows this run: older ones. */
      readonly after?: string | undefined;
      /** The page that ends before this run: newer ones, the nearest, still newest first. */
      readonly before?: string | undefined;
    },
  ): Promise<readonly RunRecord[]>;
  /**
   * A run now, and then whenever its state, attempt, tags, metadata or times change; changes that come fast may be seen
   * as one. Ends after its end has been seen, at once if there is no such run.
   */
  watchRun(runId: string, signal?: AbortSignal): AsyncIterable<RunRecord>;
  /** The runs that fit now, oldest first, and then whenever one of them changes or a new one fits. Ends with the signal. */
  watch(filter: RunFilter, signal?: AbortSignal): AsyncIterable<RunRecord>;
}
