import { useCallback, useRef, useState } from "react";
import type { TaskHandle } from "./task/remembered-task.ts";
import { useHost } from "./provider.ts";
import type { Live } from "./use-live.ts";
import { type RunData, useRun, type UseRunOptions } from "./use-run.ts";

/** A task or function of the engine, and its run once it was started. */
export interface UseTrigger<Payload, Output> extends Live<RunData<Output>> {
  /** Starts a run; this hook then follows it. @throws {ApiError} what the server says */
  readonly trigger: (payload: Payload) => Promise<string>;
  /** A start is under way. */
  readonly isPending: boolean;
  readonly runId: string | undefined;
}

/**
 * Starts runs of a task, and follows the last one that it started.
 *
 * @example
 * const { trigger, data: run } = useTrigger<{ imageId: string }>("process-image");
 */
export function useTrigger<Payload = unknown, Output = unknown>(
  task: string,
  options: UseRunOptions<Output> = {},
): UseTrigger<Payload, Output> {
  const { trigger, isPending, started } = useStart<Payload>(task);
  const live = useRun<Output>(started?.runId, { token: started?.token, ...options });
  return { ...live, trigger, isPending, runId: started?.runId };
}

/** A run that was started. */
export interface Started {
  readonly runId: string;
  readonly token: string | undefined;
}

/** Starts runs of a task. */
export function useStart<Payload>(task: string): {
  readonly trigger: (payload: Payload) => Promise<string>;
  readonly isPending: boolean;
  readonly started: Started | undefined;
} {
  const host = useHost();
  const [pending, setPending] = useState(0);
  const [started, setStarted] = useState<Started>();
  const starts = useRef(0);
  const trigger = useCallback(
    async (payload: Payload): Promise<string> => {
      const start = ++starts.current;
      setPending((count) => count + 1);
      try {
        const body = { task, data: payload };
        const { id, publicToken } = await host.post<TaskHandle>("/task-runs", body);
        const runId = id.slice(id.indexOf(":") + 1);
        if (start === starts.current) setStarted({ runId, token: publicToken });
        return runId;
      } finally {
        setPending((count) => count - 1);
      }
    },
    [host, task],
  );
  return { trigger, isPending: pending > 0, started };
}
