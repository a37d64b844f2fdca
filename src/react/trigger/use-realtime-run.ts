import { useMemo } from "react";
import type { LiveRun } from "../../server/live/messages.ts";
import { useRun } from "../use-run.ts";
import { type RunsFilter, useRuns } from "../use-runs.ts";
import type { FollowOptions } from "../use-live.ts";
import { realtimeRun } from "./realtime-run.ts";
import type { OutputOf, RealtimeOptions, RunWithData } from "./types.ts";

/** Options of hooks that follow one run. */
export interface UseRealtimeRunOptions<Task> extends RealtimeOptions {
  /** Called once when the run has ended. */
  readonly onComplete?:
    ((run: RunWithData<OutputOf<Task>>, error: Error | undefined) => void) | undefined;
}

export const followOptions = (options: RealtimeOptions): FollowOptions => ({
  enabled: options.enabled,
  throttleMs: options.throttleInMs,
  token: options.accessToken,
});

/** Follows a run until it has ended. */
export function useRealtimeRun<Task = unknown>(
  runId: string | undefined,
  options: UseRealtimeRunOptions<Task> = {},
): {
  readonly run: RunWithData<OutputOf<Task>> | undefined;
  readonly error: Error | undefined;
  readonly stop: () => void;
} {
  const { onComplete } = options;
  const { data, error, stop } = useRun(runId, {
    ...followOptions(options),
    onComplete: (run) => onComplete?.(realtimeRun(run), undefined),
  });
  const run = useMemo(() => data && realtimeRun<OutputOf<Task>>(data), [data]);
  return { run, error, stop };
}

/** Follows the newest runs with a tag, at most 50. */
export const useRealtimeRunsWithTag = (
  tag: string | undefined,
  options: RealtimeOptions = {},
): RealtimeRuns => useRealtimeRuns(tag === undefined ? undefined : { tag }, options);

/** Follows the runs of a batch, the newest 50. */
export const useRealtimeBatch = (
  batchId: string | undefined,
  options: RealtimeOptions = {},
): RealtimeRuns => useRealtimeRuns(batchId === undefined ? undefined : { batchId }, options);

/** Some runs, newest first. */
export interface RealtimeRuns {
  readonly runs: readonly RunWithData[];
  readonly error: Error | undefined;
  readonly stop: () => void;
}

const NONE: readonly LiveRun[] = [];

function useRealtimeRuns(filter: RunsFilter | undefined, options: RealtimeOptions): RealtimeRuns {
  const { data = NONE, error, stop } = useRuns(filter, followOptions(options));
  const runs = useMemo(() => data.map((run) => realtimeRun(run)), [data]);
  return { runs, error, stop };
}
