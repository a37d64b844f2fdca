/**
 * Trigger.dev's older API, version 2 of its SDK: jobs, events and `io`, on the run engine.
 *
 * @module
 */
export { closeDefaultHost } from "../../runs/default-host.ts";
export { type EventFilter, eventFilterMatches } from "../../runs/cel/event-filter.ts";
export { TriggerClient, type EventDefinition, type TriggerClientOptions } from "./client.ts";
export type { TriggerContext } from "./context.ts";
export type { DynamicSchedule } from "./dynamic-schedule.ts";
export type { EventLog, SendEvent, SendEventOptions } from "./events/event.ts";
export type { PayloadSchema } from "./events/payload.ts";
export type { FoundEvent } from "./events/stored-events.ts";
export type { BatchItem, InvokeOptions } from "./invoke.ts";
export type { FetchPollOptions } from "./io/background-poll.ts";
export type { IO } from "./io/io.ts";
export type { IOLogger, LogLevel } from "./io/logger.ts";
export type { RandomOptions } from "./io/random.ts";
export {
  type FetchedResponse,
  type FetchOptions,
  type FetchRequestInit,
  type FetchRetryOptions,
  redactString,
} from "./io/request.ts";
export type { RetryOptions } from "./io/retry.ts";
export type { RunTaskErrorCallback, RunTaskOptions, ServerTask } from "./io/run-task.ts";
export type { InitialStatus, StatusRecord, StatusUpdate, TriggerStatus } from "./io/status.ts";
export type { KeyValues, KeyValueTasks, RunStorage } from "./io/storage.ts";
export type { TaskKey } from "./io/task-key.ts";
export type { WaitForEventRequest, WaitForEventResult } from "./io/wait-for-event.ts";
export type { Job } from "./job.ts";
export type { ConcurrencyLimit, JobOptions } from "./job-options.ts";
export type { GetRunOptions, GetRunsOptions, JobRun, ListedRun, RunTask } from "./runs/job-runs.ts";
export type {
  FailedRunNotification,
  RunNotification,
  SuccessfulRunNotification,
} from "./runs/run-notification.ts";
export type { JobRunStatus } from "./runs/run-status.ts";
export { eventTrigger, type EventTriggerOptions } from "./triggers/event-trigger.ts";
export { invokeTrigger, type InvokeTriggerOptions } from "./triggers/invoke-trigger.ts";
export {
  type CronOptions,
  cronTrigger,
  type IntervalOptions,
  intervalTrigger,
  type ScheduledPayload,
} from "./triggers/scheduled-triggers.ts";
export type { JobTrigger } from "./triggers/trigger.ts";
