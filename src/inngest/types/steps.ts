import type { DurationInput, TimeInput, TimeLimit } from "../durations.ts";
import type { AnyEventType, EventType } from "../events/event-type.ts";
import type { StandardSchemaV1 } from "../../core/standard-schema.ts";
import type { AnyInngestFunction, InngestFunction } from "../function.ts";
import type { InngestFunctionReference } from "../function-reference.ts";
import type { BackoffInput } from "../options/backoff.ts";
import type { StepFetch } from "../steps/fetch.ts";
import type {
  EventName,
  EventNamed,
  EventRecord,
  ReceivedEvent,
  SendablePayload,
} from "./events.ts";
import type { AnyFunction, Output, SingleOrArray, Untyped } from "./json.ts";
import type { TransformOutput } from "./middleware.ts";

/** Options of a step. */
export interface StepOptions {
  /** Keeps the result over replays and restarts; a new id is a new step. The same id again counts up. */
  id: string;
  /** For people; may change at any time. */
  name?: string | undefined;
  /** Steps of a race need no mark here: what loses never holds the run. Accepted for code written for v4. */
  parallelMode?: "race" | undefined;
}

/** Options of a step with a body. */
export interface RunStepOptions extends StepOptions {
  /** Tries after the first, of this step alone. @default the function's `retries` */
  retries?: number | undefined;
  /** How long to wait between tries, of this step alone. @default the function's `backoff` */
  backoff?: BackoffInput | undefined;
}

export type StepOptionsOrId = string | StepOptions;

/** Either a CEL condition or a path that both events must have in common. */
type Condition =
  | {
      /** CEL over `event` (that started the run) and `async` (waited for). */
      if?: string | undefined;
      match?: undefined;
    }
  | {
      /** A path such as `data.orderId` that must be equal in both events. */
      match?: string | undefined;
      if?: undefined;
    };

/** Options of `step.waitForEvent`. */
export type WaitForEventOptions<TEvents> = {
  event: EventName<TEvents> | AnyEventType;
  /** After this the step gives null. */
  timeout: TimeLimit;
} & Condition;

/** What `step.waitForEvent` gives, if it does not run out of time. */
export type WaitedEvent<TEvents, TOptions> = TOptions extends {
  readonly event: EventType<infer TName, infer TSchema>;
}
  ? ReceivedEvent<TName, TSchema extends StandardSchemaV1<infer TData> ? TData : Untyped>
  : TOptions extends { readonly event: infer TName extends string }
    ? EventNamed<TEvents, TName>
    : ReceivedEvent;

/** Options of `step.waitForSignal`. */
export interface WaitForSignalOptions {
  /** One run at a time waits for a signal of a name. */
  signal: string;
  timeout: TimeLimit;
  /** When another run waits for it already: fail, or take its place. */
  onConflict: "fail" | "replace";
}

/** Options of `step.sendSignal`. */
export interface SendSignalOptions {
  signal: string;
  /** JSON. */
  data?: unknown;
}

/** What can be invoked. A string is a function's full id: `app-function`. */
export type InvokeTarget = AnyInngestFunction | InngestFunctionReference | string;

/** What a target wants to be given. */
export type InvokeInputOf<T> =
  T extends InngestFunction<infer TInput>
    ? TInput
    : T extends InngestFunctionReference<infer TInput>
      ? TInput
      : { data?: Untyped };

/** What a target gives, before JSON. */
export type InvokeOutputOf<T> =
  T extends InngestFunction<Untyped, infer TOutput>
    ? Output<TOutput>
    : T extends InngestFunctionReference<Untyped, infer TOutput>
      ? Output<TOutput>
      : Untyped;

/** Options of `step.invoke`. */
export type InvokeOptions<T extends InvokeTarget> = {
  function: T;
  /** How long to wait for the result; the invoked function goes on after it. @default a year */
  timeout?: TimeLimit | undefined;
  v?: string | undefined;
  user?: Untyped;
  meta?: Untyped;
} & InvokeInputOf<T>;

/**
 * The steps that a handler may take. Each is remembered under its id: when the handler runs again after a wait or a
 * crash, finished steps give their result without running.
 */
export interface StepTools<TEvents = EventRecord, TMiddleware = readonly []> {
  /**
   * Runs `body` until it succeeds or is out of attempts, and gives its result as JSON.
   * @throws {StepError} at the await, when it is out of attempts; the error's name, message and cause are kept
   */
  run<TBody extends AnyFunction>(
    idOrOptions: string | RunStepOptions,
    body: TBody,
    ...input: Parameters<TBody>
  ): Promise<TransformOutput<TMiddleware, Output<ReturnType<TBody>>, "stepOutputTransform">>;

  /** Waits. The run leaves the worker meanwhile, and survives restarts. */
  sleep(idOrOptions: StepOptionsOrId, time: DurationInput): Promise<void>;

  /** Waits until a time. One in the past is over at once. */
  sleepUntil(idOrOptions: StepOptionsOrId, time: TimeInput): Promise<void>;

  /** Waits for an event that is sent after this step was reached; null when time is up. */
  waitForEvent<const TOptions extends WaitForEventOptions<TEvents>>(
    idOrOptions: StepOptionsOrId,
    options: TOptions,
  ): Promise<WaitedEvent<TEvents, TOptions> | null>;

  /** Waits for a signal; null when time is up. */
  waitForSignal<TData = Untyped>(
    idOrOptions: StepOptionsOrId,
    options: WaitForSignalOptions,
  ): Promise<{ signal: string; data: TData } | null>;

  /** Sends a signal; gives the id of the run that waited for it, if one did. */
  sendSignal(
    idOrOptions: StepOptionsOrId,
    options: SendSignalOptions,
  ): Promise<{ runId: string | undefined }>;

  /** Sends events, once, whatever happens to the process. */
  sendEvent(
    idOrOptions: StepOptionsOrId,
    payload: SingleOrArray<SendablePayload<TEvents>>,
  ): Promise<{ ids: string[] }>;

  /**
   * Runs another function and waits for its result.
   * @throws {StepError} at the await, with the error of the function
   */
  invoke<TTarget extends InvokeTarget>(
    idOrOptions: StepOptionsOrId,
    options: InvokeOptions<TTarget>,
  ): Promise<TransformOutput<TMiddleware, InvokeOutputOf<TTarget>, "functionOutputTransform">>;

  /** `fetch` as a step: the response is remembered. Inside a step's body it is the usual fetch. */
  fetch: StepFetch;

  ai: {
    /** `run`, named for what it is for. */
    wrap: StepTools<TEvents, TMiddleware>["run"];
    /** @throws {LonghaulError} INNGEST_UNSUPPORTED: call the model in a body, with the provider's own package */
    infer(idOrOptions: StepOptionsOrId, options: Untyped): Promise<never>;
  };

  realtime: {
    /** @throws {LonghaulError} INNGEST_UNSUPPORTED */
    publish(idOrOptions: StepOptionsOrId, ...args: Untyped[]): Promise<never>;
  };
}
