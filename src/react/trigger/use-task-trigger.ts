import { useCallback, useState } from "react";
import { useStart } from "../use-trigger.ts";
import type { PayloadOf, TaskLike } from "./types.ts";
import { useRealtimeRun, type UseRealtimeRunOptions } from "./use-realtime-run.ts";

/** A run that was started. */
export interface RunHandle {
  readonly id: string;
  /** Lets a browser follow the run; nothing if the provider's token does already. */
  readonly publicAccessToken: string | undefined;
}

/** Starts runs of a task. */
export interface TaskTrigger<Task> {
  readonly submit: (payload: PayloadOf<Task>) => void;
  readonly isLoading: boolean;
  /** Of the last run that was started. */
  readonly handle: RunHandle | undefined;
  /** Why the last start failed. */
  readonly error: Error | undefined;
}

/**
 * Starts runs of a task.
 *
 * @example
 * const { submit, handle, isLoading } = useTaskTrigger<typeof processImage>("process-image");
 */
export function useTaskTrigger<Task extends TaskLike>(taskId: Task["id"]): TaskTrigger<Task> {
  const { trigger, isPending, started } = useStart<PayloadOf<Task>>(taskId);
  const [error, setError] = useState<Error>();
  const submit = useCallback(
    (payload: PayloadOf<Task>): void => {
      setError(undefined);
      trigger(payload).catch(setError);
    },
    [trigger],
  );
  const handle = started && { id: started.runId, publicAccessToken: started.token };
  return { submit, isLoading: isPending, handle, error };
}

/** Starts runs of a task, and follows the last one. */
export function useRealtimeTaskTrigger<Task extends TaskLike>(
  taskId: Task["id"],
  options: UseRealtimeRunOptions<Task> = {},
): TaskTrigger<Task> & {
  readonly run: ReturnType<typeof useRealtimeRun<Task>>["run"];
  readonly stop: () => void;
} {
  const started = useTaskTrigger<Task>(taskId);
  const { handle } = started;
  const accessToken = options.accessToken ?? handle?.publicAccessToken;
  const { run, error, stop } = useRealtimeRun<Task>(handle?.id, { ...options, accessToken });
  return { ...started, error: started.error ?? error, run, stop };
}
