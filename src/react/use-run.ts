import { useEffect, useRef } from "react";
import type { TopicState } from "../client/live/topic-state.ts";
import type { LiveLogEntry, LiveRun, LiveStep } from "../server/live/messages.ts";
import { hasEnded } from "./run-states.ts";
import { type FollowOptions, type Live, useLive } from "./use-live.ts";

/** A run with its steps and what it said: the last 500 steps, the last 100 lines. */
export interface RunData<Output = unknown> extends LiveRun {
  readonly output?: Output;
  readonly steps: readonly LiveStep[];
  readonly logs: readonly LiveLogEntry[];
}

/** How {@link useRun} follows a run. */
export interface UseRunOptions<Output = unknown> extends FollowOptions {
  /** Called once when the run has ended, however it did. */
  readonly onComplete?: ((run: RunData<Output>) => void) | undefined;
}

/** Follows a run until it has ended. @param runId nothing: follows none yet */
export function useRun<Output = unknown>(
  runId: string | undefined,
  options: UseRunOptions<Output> = {},
): Live<RunData<Output>> {
  const topic = runId === undefined ? undefined : `run:${runId}`;
  const live = useLive(topic, options, selectRun, isRunOver) as Live<RunData<Output>>;
  const { data } = live;
  const newest = useRef(options.onComplete);
  const told = useRef<string>(undefined);
  useEffect(() => {
    newest.current = options.onComplete;
    if (!data || !hasEnded(data) || told.current === data.id) return;
    told.current = data.id;
    newest.current?.(data);
  });
  return live;
}

const isRunOver = ({ run }: TopicState): boolean => hasEnded(run);

const selectRun = ({ run, steps = [], logs = [] }: TopicState): RunData | null | undefined =>
  run && { ...run, steps, logs };
