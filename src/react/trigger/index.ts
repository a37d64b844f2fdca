/**
 * `longhaul/react/trigger`: the hooks above by the names, and with the shapes, of Trigger.dev's `@trigger.dev/react-hooks`.
 * `LonghaulProvider` takes the place of `TriggerAuthContext`.
 */
export type { RealtimeOptions, RunWithData, TriggerRunStatus } from "./types.ts";
export {
  useRealtimeBatch,
  useRealtimeRun,
  type UseRealtimeRunOptions,
  useRealtimeRunsWithTag,
} from "./use-realtime-run.ts";
export { useRealtimeStream, type UseRealtimeStreamOptions } from "./use-realtime-stream.ts";
export { useRealtimeTaskTrigger, useTaskTrigger } from "./use-task-trigger.ts";
export { useWaitToken } from "./use-wait-token.ts";
