import { useCallback, useEffect, useMemo, useState } from "react";
import type { ConnectionStatus } from "../client/live/source.ts";
import type { TopicState } from "../client/live/topic-state.ts";
import { ApiError } from "../client/api-error.ts";
import { useHost } from "./provider.ts";
import { useConnection, useTopic } from "./use-topic.ts";

/** What all hooks that follow something take. */
export interface FollowOptions {
  /** Whether to follow. @default true */
  readonly enabled?: boolean | undefined;
  /** Renders at most once in this time, in ms. @default 16 */
  readonly throttleMs?: number | undefined;
  /** A public token for this thing, if the provider's does not reach it. */
  readonly token?: string | undefined;
}

/** What all hooks that follow something return. */
export interface Live<Data> {
  /** What it is now; the last that was known while disconnected. */
  readonly data: Data | undefined;
  /** Why it cannot be followed. */
  readonly error: ApiError | undefined;
  /** `pending`: nothing is known yet. */
  readonly status: "pending" | "error" | "success";
  readonly connection: ConnectionStatus;
  /** The page was hidden for a while: it goes on when somebody looks. */
  readonly isPaused: boolean;
  /** Tries again at once, also after an error. */
  readonly refetch: () => void;
  /** Stops following; what is known stays. */
  readonly stop: () => void;
}

/**
 * Follows a topic.
 *
 * @param select takes the data out of what is known; `undefined`: nothing yet, `null`: there is no such thing
 * @param isFinal says when nothing more will come, so that it is no longer followed
 */
export function useLive<Data>(
  topic: string | undefined,
  { enabled = true, throttleMs = 16, token }: FollowOptions,
  select: (state: TopicState) => Data | null | undefined,
  isFinal?: (state: TopicState) => boolean,
): Live<Data> {
  const host = useHost();
  const [stopped, setStopped] = useState<{ topic: string; state: TopicState }>();
  const last = stopped !== undefined && stopped.topic === topic ? stopped.state : undefined;
  const isFollowed = enabled && topic !== undefined && last === undefined;
  const current = useTopic(isFollowed ? topic : undefined, throttleMs, token);
  const { status: connection, problem: lost } = useConnection(isFollowed);
  const state = last ?? current;
  const problem = state.problem ?? lost;

  const stop = useCallback(() => {
    if (topic !== undefined) setStopped({ topic, state: host.get(topic) });
  }, [host, topic]);
  const isOver = isFollowed && isFinal?.(current) === true;
  useEffect(() => {
    if (isOver) stop();
  }, [isOver, stop]);
  const refetch = useCallback(() => {
    setStopped(undefined);
    host.reconnect();
  }, [host]);

  const data = useMemo(() => (state.isKnown ? select(state) : undefined), [state, select]);
  const isMissing = data === null;
  const error = useMemo(() => {
    if (problem) return new ApiError(problem);
    return isMissing
      ? new ApiError({ status: 404, code: "SERVER_NOT_FOUND", detail: `There is no ${topic}` })
      : undefined;
  }, [problem, isMissing, topic]);
  return {
    data: data ?? undefined,
    error,
    status: error ? "error" : data === undefined ? "pending" : "success",
    connection,
    isPaused: connection === "paused",
    refetch,
    stop,
  };
}
