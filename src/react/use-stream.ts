import { useEffect, useRef } from "react";
import type { TopicState } from "../client/live/topic-state.ts";
import { type FollowOptions, type Live, useLive } from "./use-live.ts";

/** How {@link useStream} follows a stream. */
export interface UseStreamOptions<Chunk = unknown> extends FollowOptions {
  /** Called once for each chunk, in order. */
  readonly onData?: ((chunk: Chunk) => void) | undefined;
}

/** Follows a stream of a run from its first chunk until it is closed. @param runId nothing: follows none yet */
export function useStream<Chunk = unknown>(
  runId: string | undefined,
  key: string,
  options: UseStreamOptions<Chunk> = {},
): Live<readonly Chunk[]> {
  const topic = runId === undefined ? undefined : `stream:${runId}:${key}`;
  const live = useLive(topic, options, selectChunks, isStreamOver) as Live<readonly Chunk[]>;
  const { data = [] } = live;
  const told = useRef({ topic, count: 0 });
  useEffect(() => {
    if (told.current.topic !== topic) told.current = { topic, count: 0 };
    const more = data.slice(told.current.count);
    told.current.count += more.length;
    for (const chunk of more) options.onData?.(chunk);
  });
  return live;
}

const selectChunks = ({ chunks }: TopicState): readonly unknown[] | undefined => chunks;

const isStreamOver = ({ isDone }: TopicState): boolean => isDone;
