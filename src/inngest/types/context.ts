import type { Logger } from "../logger.ts";
import type { GroupTools } from "../steps/group.ts";
import type { BatchedEvent, FailureEventPayload, ReceivedEvent, TriggeredEvent } from "./events.ts";
import type { Untyped } from "./json.ts";
import type { ContextExtension, Extend } from "./middleware.ts";
import type { StepTools } from "./steps.ts";

/** What every handler gets. */
export interface BaseContext<TEvent = ReceivedEvent, TBatched = TEvent, TSteps = StepTools> {
  /** What started the run; the first of a batch. */
  event: TEvent;
  /** All events of a batch; otherwise the one. */
  events: [TBatched, ...TBatched[]];
  runId: string;
  /**
   * 0 for the first. Looked at in a step's body, it is the body's; elsewhere that of the step which is tried again in
   * this execution, or else of the code between steps.
   */
  attempt: number;
  maxAttempts?: number;
  step: TSteps;
  group: GroupTools;
  /** The client's logger, silent while finished steps are gone through again. */
  logger: Logger;
  /** What all the events say they belong to, under `meta.sessions`. */
  sessions?: Record<string, string>;
  /** This execution: a run that waits has several. */
  requestId?: string;
  jobId?: string;
  /** @throws {LonghaulError} INNGEST_UNSUPPORTED: send an event, or invoke the function, as the last step */
  defer: (id: string, options: Untyped) => never;
}

/** The context of any function, as middleware gets it. */
export type AnyContext = BaseContext;

/** The context of a function's handler. `TTrigger` is the union of its triggers. */
export type FunctionContext<TEvents, TTrigger, TMiddleware> = Extend<
  BaseContext<
    TriggeredEvent<TEvents, TTrigger>,
    BatchedEvent<TEvents, TTrigger>,
    StepTools<TEvents, TMiddleware>
  >,
  ContextExtension<TMiddleware>
>;

/** The context of an `onFailure` handler. */
export type FailureContext<TEvents, TTrigger, TMiddleware> = Extend<
  BaseContext<
    FailureEventPayload<TriggeredEvent<TEvents, TTrigger>>,
    FailureEventPayload<TriggeredEvent<TEvents, TTrigger>>,
    StepTools<TEvents, TMiddleware>
  > & {
    /** What the run failed with. */
    error: Error;
  },
  ContextExtension<TMiddleware>
>;
