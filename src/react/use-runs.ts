import type { TopicState } from "../client/live/topic-state.ts";
import type { LiveRun } from "../server/live/messages.ts";
import { type FollowOptions, type Live, useLive } from "./use-live.ts";

/** Which runs; one of these. */
export type RunsFilter =
  | { readonly tag: string }
  | { readonly batchId: string }
  /** Of a function, or of a task. */
  | { readonly functionId: string };

/** Follows the newest runs of a kind, at most 50, newest first. @param filter nothing: follows none yet */
export function useRuns(
  filter: RunsFilter | undefined,
  options: FollowOptions = {},
): Live<readonly LiveRun[]> {
  return useLive(filter && topicOf(filter), options, selectRuns);
}

function topicOf(filter: RunsFilter): string {
  if ("tag" in filter) return `tag:${filter.tag}`;
  return "batchId" in filter ? `batch:${filter.batchId}` : `function:${filter.functionId}`;
}

const selectRuns = ({ runs }: TopicState): readonly LiveRun[] | undefined => runs;
