import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { TopicState } from "../../client/live/topic-state.ts";
import type { ConnectionStatus } from "../../client/live/source.ts";
import { ApiError } from "../../client/api-error.ts";
import { useHost } from "../provider.ts";
import { useConnection, useTopic } from "../use-topic.ts";
import { type Persistence, recall, remember, type TaskHandle } from "./remembered-task.ts";
import { isOver, type TaskStatus, viewOf } from "./task-view.ts";

/** How {@link useTask} follows a task. */
export interface UseTaskOptions<Result = unknown> {
  /** Called once when the task has completed. */
  readonly onComplete?: ((result: Result) => void) | undefined;
  /** Called once when the task has failed, or could not be started. */
  readonly onError?: ((error: Error) => void) | undefined;
  /** Follows a task that was started before or elsewhere: what `startTask` resolved with. */
  readonly id?: string | undefined;
  /**
   * Goes on with the same task when the page is loaded again: a name for this place in the page, or where to keep it.
   *
   * @default nothing is kept
   */
  readonly persist?: string | Persistence | undefined;
  /** Renders at most once in this time, in ms. @default 16 */
  readonly throttleMs?: number | undefined;
}

/** A task, and what can be done with it. */
export interface UseTask<Result = unknown, Progress = TaskProgress> {
  /** Of the task that is followed. */
  readonly id: string | undefined;
  readonly status: TaskStatus;
  /** What it last said. */
  readonly progress: Progress | undefined;
  /** Of a completed task. */
  readonly result: Result | undefined;
  /** Why it failed, could not be started, or cannot be followed. */
  readonly error: Error | undefined;
  readonly connection: ConnectionStatus;
  /**
   * Starts a task by its name. The hook then follows this one.
   *
   * @returns its id, once it is stored; nothing if it could not be started: `error` and `onError` say why
   */
  readonly startTask: (task: string, data?: unknown) => Promise<string | undefined>;
  /** Stops it for good, running or not. @throws {ApiError} what the server says */
  readonly abortTask: () => Promise<void>;
  /** Holds it, running or not, until it is resumed. Runs of functions cannot be. @throws {ApiError} */
  readonly pauseTask: () => Promise<void>;
  /** @throws {ApiError} */
  readonly resumeTask: () => Promise<void>;
  /** Forgets the task; it goes on. */
  readonly reset: () => void;
}

/** How far a task is, as processors of the queue manager say it. */
export interface TaskProgress {
  readonly percentage: number;
  readonly current?: number;
  readonly total?: number;
  readonly message?: string;
}

/** What the hook itself knows, beside what the server says about the task. */
interface Own {
  readonly handle: TaskHandle | undefined;
  readonly isStarting: boolean;
  /** It was aborted, and the server has not said so yet. */
  readonly isAborted: boolean;
  /** Why it could not be started. */
  readonly failure: Error | undefined;
  /** What was last known of a task that is over: it is no longer followed. */
  readonly last: TopicState | undefined;
}

const IDLE: Own = {
  handle: undefined,
  isStarting: false,
  isAborted: false,
  failure: undefined,
  last: undefined,
};

/**
 * Starts a task, and follows it: a task of the queue manager, or a task or function of the engine.
 *
 * @example
 * const { startTask, abortTask, status, progress } = useTask({ onComplete: (result) => show(result) });
 * await startTask("scrape-reviews", { shopId: "shop-123" });
 */
export function useTask<Result = unknown, Progress = TaskProgress>(
  options: UseTaskOptions<Result> = {},
): UseTask<Result, Progress> {
  const { id, throttleMs = 16 } = options;
  const host = useHost();
  const [own, setOwn] = useState<Own>(() =>
    id === undefined ? IDLE : { ...IDLE, handle: { id } },
  );
  const newest = useRef(options);
  useEffect(() => {
    newest.current = options;
  });
  /** The last start counts. */
  const starts = useRef(0);

  const follow = useCallback((handle: TaskHandle | undefined): void => {
    setOwn({ ...IDLE, handle });
    const { persist } = newest.current;
    if (persist !== undefined) remember(placeOf(persist), handle);
  }, []);

  // What is stored is only there in browsers: the first rendering is the same as the server's.
  const { persist } = options;
  const key = typeof persist === "object" ? persist.key : persist;
  useEffect(() => {
    const { persist } = newest.current;
    const handle = id === undefined ? key !== undefined && recall(placeOf(persist!)) : { id };
    if (handle) setOwn((own) => (own.handle?.id === handle.id ? own : { ...IDLE, handle }));
  }, [id, key]);

  const { handle } = own;
  const { id: topic, publicToken } = handle ?? {};
  const isFollowed = topic !== undefined && own.last === undefined;
  const current = useTopic(isFollowed ? topic : undefined, throttleMs, publicToken);
  const state = own.last ?? current;
  const { status: connection, problem: lost } = useConnection(isFollowed);
  const problem = state.problem ?? lost;
  const view = useMemo(() => viewOf(state), [state]);

  const status = statusOf(own, view?.status, view === null);
  const error = useMemo(() => {
    if (own.failure) return own.failure;
    if (view === null && status === "failed")
      return new ApiError({
        status: 404,
        code: "SERVER_NOT_FOUND",
        detail: `The server no longer has ${topic}`,
      });
    if (status === "failed") return new Error(view?.reason ?? "The task has failed");
    return problem && new ApiError(problem);
  }, [own.failure, view, status, problem, topic]);

  const told = useRef<string>(undefined);
  useEffect(() => {
    if (!handle || !isOver(status)) return;
    setOwn((own) => (own.handle === handle && !own.last ? { ...own, last: state } : own));
    if (handle.isTold === true || told.current === handle.id) return;
    told.current = handle.id;
    const { onComplete, onError, persist } = newest.current;
    // A result is there again after the page was loaded anew; what was aborted is not.
    const kept = status === "aborted" ? undefined : { ...handle, isTold: true };
    if (persist !== undefined) remember(placeOf(persist), kept);
    if (status === "completed") onComplete?.(view?.result as Result);
    if (status === "failed" && error) onError?.(error);
  }, [handle, status, state, view, error]);

  const startTask = useCallback(
    async (task: string, data?: unknown): Promise<string | undefined> => {
      const start = ++starts.current;
      setOwn({ ...IDLE, isStarting: true });
      try {
        const started = await host.post<TaskHandle>("/task-runs", { task, data });
        if (start === starts.current) follow({ id: started.id, publicToken: started.publicToken });
        return started.id;
      } catch (error) {
        const failure = error as Error;
        if (start === starts.current) setOwn({ ...IDLE, failure });
        newest.current.onError?.(failure);
        return undefined;
      }
    },
    [host, follow],
  );
  const change = useCallback(
    async (action: "abort" | "pause" | "resume"): Promise<void> => {
      if (topic === undefined) return;
      const path = `/task-runs/${encodeURIComponent(topic)}/${action}`;
      await host.post(path, undefined, publicToken);
      if (action === "abort")
        setOwn((own) => (own.handle?.id === topic ? { ...own, isAborted: true } : own));
    },
    [host, topic, publicToken],
  );
  const abortTask = useCallback(() => change("abort"), [change]);
  const pauseTask = useCallback(() => change("pause"), [change]);
  const resumeTask = useCallback(() => change("resume"), [change]);
  const reset = useCallback(() => {
    starts.current++;
    follow(undefined);
  }, [follow]);

  return {
    id: topic,
    status,
    progress: view?.progress as Progress | undefined,
    result: (status === "completed" ? view?.result : undefined) as Result | undefined,
    error,
    connection,
    ...{ startTask, abortTask, pauseTask, resumeTask, reset },
  };
}

const placeOf = (persist: string | Persistence): Persistence =>
  typeof persist === "string" ? { key: persist } : persist;

/** @param isGone whether the server says that there is no such task */
function statusOf(own: Own, said: TaskStatus | undefined, isGone: boolean): TaskStatus {
  if (own.failure) return "failed";
  if (own.isStarting) return "starting";
  if (!own.handle) return "idle";
  if (own.isAborted && (said === undefined || !isOver(said))) return "aborted";
  // What has ended is kept for a while only: gone after that, it has not failed.
  return said ?? (isGone ? (own.handle.isTold === true ? "idle" : "failed") : "waiting");
}
