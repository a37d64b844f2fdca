/**
 * Middleware in the form of Inngest v4: classes. Exported as the namespace `Middleware`.
 *
 * A class is made anew for each execution of a run, and for each `send` outside of one. An execution is what Inngest
 * calls a request: from the moment a worker takes the run until it is done, waits, or fails.
 *
 *   wrapRequest( transformFunctionInput → wrapFunctionHandler( handler ) )
 *     each step: transformStepInput → wrapStep( engine( wrapStepHandler( body ) ) )
 *   transformSendEvent → wrapSendEvent( store )
 *
 * Transforms run in the order of the list, wraps around each other with the first outermost. Observers (`on…`) cannot
 * change anything; what they throw is logged.
 *
 * @module
 */
import type { Inngest } from "../client.ts";
import type { AnyInngestFunction } from "../function.ts";
import type { GroupTools } from "../steps/group.ts";
import type { AnyContext } from "../types/context.ts";
import type { EventPayload, JsonError } from "../types/events.ts";
import type { Jsonify, MaybePromise } from "../types/json.ts";
import type { StepTools as Tools } from "../types/steps.ts";

/** How a value's type changes: a function from `In` to `Out`, written as an interface. */
export interface StaticTransform {
  In: unknown;
  Out: unknown;
}

/** What happens to outputs when no middleware says otherwise. */
export interface DefaultStaticTransform extends StaticTransform {
  Out: Jsonify<this["In"]>;
  /** Tells it from what middleware declares. */
  readonly isDefault?: true;
}

/** The kinds of steps. There may be more one day. */
export type StepType =
  | "ai.wrap"
  | "fetch"
  | "group.experiment"
  | "invoke"
  | "run"
  | "sendEvent"
  | "sleep"
  | "waitForEvent"
  | "waitForSignal"
  // Keeps the names above in editors' suggestions.
  | (string & {});

/** The options of a step that middleware may see and change. */
export interface MiddlewareStepOptions {
  id: string;
  name?: string | undefined;
}

/** One call of a step. */
export interface StepInfo {
  /** SHA-1 of the step's id, counted up where the id repeats. */
  readonly hashedId: string;
  /** What was passed besides id and body. */
  readonly input?: readonly unknown[] | undefined;
  /** Whether the result was already known when this execution began. */
  readonly memoized: boolean;
  readonly options: Readonly<MiddlewareStepOptions>;
  readonly stepType: StepType;
}

/** A step whose result was known when this execution began. */
export type MemoizedStep =
  | { readonly type: "data"; readonly data: unknown }
  | { readonly type: "error"; readonly error: JsonError };

/** Known steps by {@link StepInfo.hashedId}. */
export type MemoizedSteps = Readonly<Record<string, MemoizedStep>>;

interface About {
  readonly ctx: AnyContext;
  readonly fn: AnyInngestFunction;
}
interface AboutStep extends About {
  readonly stepInfo: StepInfo;
}

export interface OnRegisterArgs {
  readonly client: Inngest.Any;
  /** The function that the class was given to; `null` if it was given to the client. */
  readonly fn: AnyInngestFunction | null;
}
export interface TransformFunctionInputArgs {
  ctx: AnyContext;
  readonly fn: AnyInngestFunction;
  steps: MemoizedSteps;
}
export interface TransformStepInputArgs {
  readonly fn: AnyInngestFunction;
  readonly stepInfo: Readonly<Pick<StepInfo, "hashedId" | "memoized" | "stepType">>;
  stepOptions: MiddlewareStepOptions;
  input: unknown[];
}
export interface TransformSendEventArgs {
  events: EventPayload[];
  /** The function that sends in a step; `null` elsewhere. */
  readonly fn: AnyInngestFunction | null;
}
export interface WrapSendEventArgs {
  readonly events: readonly EventPayload[];
  readonly fn: AnyInngestFunction | null;
  readonly next: () => Promise<{ ids: string[] }>;
}
export interface WrapFunctionHandlerArgs extends About {
  readonly next: () => Promise<unknown>;
}
export interface WrapStepArgs extends AboutStep {
  readonly next: () => Promise<unknown>;
}
export type WrapStepHandlerArgs = WrapStepArgs;
export interface WrapRequestArgs {
  readonly fn: AnyInngestFunction | null;
  readonly next: () => Promise<Response>;
  readonly requestArgs: readonly unknown[];
  readonly requestInfo: Request;
  readonly runId: string;
}
/** An execution in the shape of a request. There is no HTTP: the body holds the events. */
export interface Request {
  readonly body: () => Promise<unknown>;
  readonly headers: Readonly<Record<string, string>>;
  readonly method: string;
  readonly url: URL;
}
/** How an execution ended: 200 with the output, 206 if the run goes on later, 500 with the error. */
export interface Response {
  body: string;
  headers: Record<string, string>;
  status: number;
}
export type OnMemoizationEndArgs = About;
export type OnRunStartArgs = About;
export interface OnRunCompleteArgs extends About {
  readonly output: unknown;
}
export interface OnRunErrorArgs extends About {
  readonly error: Error;
  /** Whether the run has failed with this; otherwise it is tried again. */
  readonly isFinalAttempt: boolean;
}
export type OnStepStartArgs = AboutStep;
export interface OnStepCompleteArgs extends AboutStep {
  readonly output: unknown;
}
export interface OnStepErrorArgs extends AboutStep {
  readonly error: Error;
  readonly isFinalAttempt: boolean;
}

/** The step tools that middleware may add to. */
export type StepTools = Tools;
/** The group tools that middleware may add to. */
export type Groups = GroupTools;

/**
 * What middleware is made of: extend it, give it an id, and write the methods you need.
 *
 * @example
 * class Timing extends Middleware.BaseMiddleware {
 *   readonly id = "timing";
 *   override async wrapStepHandler({ next, stepInfo }: Middleware.WrapStepHandlerArgs) {
 *     const start = performance.now();
 *     try {
 *       return await next();
 *     } finally {
 *       record(stepInfo.options.id, performance.now() - start);
 *     }
 *   }
 * }
 */
export abstract class BaseMiddleware {
  readonly client: Inngest.Any;
  abstract readonly id: string;
  /** Declare it to say how the types of functions' outputs change. Never there at run time. */
  declare functionOutputTransform: DefaultStaticTransform;
  /** Declare it to say how the types of steps' outputs change. Never there at run time. */
  declare stepOutputTransform: DefaultStaticTransform;

  constructor({ client }: { client: Inngest.Any }) {
    this.client = client;
  }

  /** Called once, when the class is given to a client or function. */
  static onRegister?(args: OnRegisterArgs): void;

  /** The known steps have been gone through: what follows happens for the first time. Once an execution. */
  onMemoizationEnd?(args: OnMemoizationEndArgs): MaybePromise<void>;
  /** The run's very first execution begins. */
  onRunStart?(args: OnRunStartArgs): MaybePromise<void>;
  onRunComplete?(args: OnRunCompleteArgs): MaybePromise<void>;
  onRunError?(args: OnRunErrorArgs): MaybePromise<void>;
  /** The body of a step begins an attempt. */
  onStepStart?(args: OnStepStartArgs): MaybePromise<void>;
  onStepComplete?(args: OnStepCompleteArgs): MaybePromise<void>;
  onStepError?(args: OnStepErrorArgs): MaybePromise<void>;
  /** Changes the handler's context, or the known steps. Once an execution. */
  transformFunctionInput?(
    args: TransformFunctionInputArgs,
  ): MaybePromise<TransformFunctionInputArgs>;
  /** Changes the options and inputs of a step. */
  transformStepInput?(args: TransformStepInputArgs): MaybePromise<TransformStepInputArgs>;
  /** Changes events before they are stored. */
  transformSendEvent?(args: TransformSendEventArgs): MaybePromise<TransformSendEventArgs>;
  wrapFunctionHandler?(args: WrapFunctionHandlerArgs): Promise<unknown>;
  /** Around a whole execution. */
  wrapRequest?(args: WrapRequestArgs): Promise<Response>;
  wrapSendEvent?(args: WrapSendEventArgs): Promise<{ ids: string[] }>;
  /** Around a step as the handler sees it, known or not. */
  wrapStep?(args: WrapStepArgs): Promise<unknown>;
  /** Around each attempt of a step's body; what it returns is what is stored. */
  wrapStepHandler?(args: WrapStepHandlerArgs): Promise<unknown>;
}

/** A class of middleware, as clients and functions take it. */
export interface Class {
  new (args: { client: Inngest.Any }): BaseMiddleware;
  onRegister?(args: OnRegisterArgs): void;
}
