import type { TopicState } from "../client/live/topic-state.ts";
import type { LiveCounts, LiveJob } from "../server/live/messages.ts";
import { type FollowOptions, type Live, useLive } from "./use-live.ts";

/** Follows a job of a queue until it is removed. @param jobId nothing: follows none yet */
export function useJob(
  queue: string,
  jobId: string | undefined,
  options: FollowOptions = {},
): Live<LiveJob> {
  return useLive(jobId === undefined ? undefined : `job:${queue}:${jobId}`, options, selectJob);
}

/** Follows how many jobs of a queue are where. */
export function useQueueStats(queue: string, options: FollowOptions = {}): Live<LiveCounts> {
  return useLive(`counts:${queue}`, options, selectCounts);
}

const selectJob = ({ job }: TopicState): LiveJob | null | undefined => job;

const selectCounts = ({ counts }: TopicState): LiveCounts | undefined => counts;
