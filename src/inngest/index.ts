/**
 * Inngest's SDK, v3 and v4, on Longhaul's run engine: change the import and the code runs, without a server.
 *
 * @module
 */
export { type ErrorCode as LonghaulErrorCode } from "../core/error-catalogue/index.ts";
export { isLonghaulError, LonghaulError } from "../core/errors.ts";
export { closeDefaultHost } from "../runs/default-host.ts";
export { Inngest, isInngest, type SendOptions } from "./client.ts";
export {
  durationToMs,
  type DurationInput,
  type DurationLike,
  type InstantLike,
  type TimeInput,
  type TimeLimit,
  type ZonedDateTimeLike,
} from "./durations.ts";
export { NonRetriableError, RetryAfterError, StepError } from "./errors.ts";
export { serializeError } from "../runs/errors.ts";
export {
  cron,
  EventType,
  eventType,
  invoke,
  staticSchema,
  type CreatedEvent,
} from "./events/event-type.ts";
export { EventSchemas, type EventsOf } from "./events/event-schemas.ts";
export type { StandardSchemaV1 } from "../core/standard-schema.ts";
export { InngestFunction, isInngestFunction } from "./function.ts";
export { InngestFunctionReference, referenceFunction } from "./function-reference.ts";
export { internalEvents } from "./internal-events.ts";
export { ConsoleLogger, ProxyLogger, type LogArg, type Logger, type LogLevel } from "./logger.ts";
export { dependencyInjectionMiddleware } from "./middleware/dependency-injection.ts";
export {
  InngestMiddleware,
  type MiddlewareOptions,
  type MiddlewareRegisterFn,
  type MiddlewareRegisterReturn,
} from "./middleware/legacy-middleware.ts";
export * as Middleware from "./middleware/middleware.ts";
export { validationMiddleware, type ValidationOptions } from "./middleware/validation.ts";
export type { BackoffInput, BackoffRule } from "./options/backoff.ts";
export type { ClientOptions } from "./options/client-options.ts";
export type {
  CancelOnInput,
  ConcurrencyInput,
  FlowOptions,
  FunctionOptions,
  TriggerInput,
} from "./options/function-options.ts";
export { slugify } from "./slugify.ts";
export { experiment } from "./steps/experiment.ts";
export type { StepFetch } from "./steps/fetch.ts";
export { fetch, group, step } from "./steps/global.ts";
export type { GroupTools, ParallelOptions } from "./steps/group.ts";
export type * from "./types/public.ts";
