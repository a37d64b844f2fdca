/**
 * The runtime: one store, and the functions and workers that a process executes on it.
 *
 * @module
 */
export { type ErrorCode as LonghaulErrorCode } from "./core/error-catalogue/index.ts";
export { isLonghaulError, LonghaulError } from "./core/errors.ts";
export { type Clock, systemClock } from "./core/clock.ts";
export { StepError } from "./runs/definition.ts";
export type { RetentionPolicy } from "./runs/retention.ts";
export type { RunRecord } from "./runs/store/run-store.ts";
export type {
  EventInput,
  FinalRunState,
  JournalEntry,
  RunEvent,
  RunState,
  SerializedError,
  StepKind,
} from "./runs/types.ts";
export type { FunctionSource } from "./runtime/hosted-functions.ts";
export type { HostedWorker, WorkerContext, WorkerSource } from "./runtime/hosted-workers.ts";
export { createLonghaul, type Longhaul, type LonghaulOptions } from "./longhaul.ts";
export type { Health } from "./runtime/longhaul.ts";
