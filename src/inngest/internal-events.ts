/** The events that the engine itself sends. Their names begin with {@link INTERNAL_PREFIX}, which no other event may. */
export const internalEvents = {
  FunctionFailed: "inngest/function.failed",
  FunctionInvoked: "inngest/function.invoked",
  FunctionFinished: "inngest/function.finished",
  FunctionCancelled: "inngest/function.cancelled",
  ScheduledTimer: "inngest/scheduled.timer",
} as const;

export const INTERNAL_PREFIX = "inngest/";

export type InvokedName = typeof internalEvents.FunctionInvoked;
export type ScheduledName = typeof internalEvents.ScheduledTimer;
