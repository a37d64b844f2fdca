/**
 * The side of Trigger.dev's API that looks at what exists and changes it. What is exported from here is part of
 * `longhaul/trigger`.
 *
 * @module
 */
export type { BatchInfo } from "./batches.ts";
export type { BulkAction, BulkRequest } from "./bulk.ts";
export type { BulkCounts, BulkType } from "./bulk-work.ts";
export type { SkippableColumn, SubscribeOptions } from "./follow-runs.ts";
export type { ListRunsParams, QueueTypeName, RunSelection } from "./list-runs.ts";
export type {
  PublicTokenExpiry,
  PublicTokenPermissions,
  TriggerTokenOptions,
} from "./public-tokens.ts";
export type { ListTokensParams } from "./list-tokens.ts";
export type { CursorPage, OffsetPage, PagePromise } from "./pages.ts";
export { type QueueInfo, type QueueRef, queues } from "./queues.ts";
export type { ReplayOptions } from "./replay-run.ts";
export type * from "./run-types.ts";
export { runs } from "./runs.ts";
export type { ScheduleInfo } from "./schedule-info.ts";
export type { CreateScheduleOptions, ScheduleOptions } from "./schedules.ts";
export { auth, configure, deployments, envvars, query, webhooks } from "./server-only.ts";
export type { RunStatus, StatusFlags } from "./statuses.ts";
