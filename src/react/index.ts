/**
 * `longhaul/react`: hooks that follow runs, jobs and queues as they change, over one connection for the whole browser.
 */
export { ApiError } from "../client/api-error.ts";
export { LonghaulProvider, type LonghaulProviderProps } from "./provider.ts";
export type { Persistence } from "./task/remembered-task.ts";
export type { TaskStatus } from "./task/task-view.ts";
export { type TaskProgress, useTask, type UseTask, type UseTaskOptions } from "./task/use-task.ts";
export { type TopicEvent, useEvents, type UseEventsOptions } from "./use-events.ts";
export { useJob, useQueueStats } from "./use-job.ts";
export type { FollowOptions, Live } from "./use-live.ts";
export { type RunData, useRun, type UseRunOptions } from "./use-run.ts";
export { type RunsFilter, useRuns } from "./use-runs.ts";
export { useStream, type UseStreamOptions } from "./use-stream.ts";
export { useTrigger, type UseTrigger } from "./use-trigger.ts";
