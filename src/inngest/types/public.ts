/** Types by the names that Inngest's users know them by. */
import type { Inngest } from "../client.ts";
import type { EventsOf } from "../events/event-schemas.ts";
import type { InngestFunction } from "../function.ts";
import type { InngestFunctionReference } from "../function-reference.ts";
import type { AnyContext, FunctionContext } from "./context.ts";
import type { EventName, InternalEvents } from "./events.ts";
import type { Jsonify, Output, Untyped } from "./json.ts";
import type { StepTools } from "./steps.ts";

export type { AnyContext, BaseContext } from "./context.ts";
export type {
  CancelledEventPayload,
  EventMeta,
  EventPayload,
  FailureEventPayload,
  FinishedEventPayload,
  InvokedEventPayload,
  JsonError,
  ReceivedEvent,
  ScheduledTimerEventPayload,
} from "./events.ts";
export type { Jsonify, MaybePromise } from "./json.ts";
export type { RunStepOptions, StepOptions, StepOptionsOrId, StepTools } from "./steps.ts";

type OptionsOf<TClient> = TClient extends Inngest<infer TOptions> ? TOptions : never;
type ListOf<TOptions> = TOptions extends { readonly middleware: infer TList } ? TList : readonly [];

/** The context of any function. */
export type Context = AnyContext;
/** Any handler. */
export type Handler = (context: Untyped) => unknown;

/**
 * The events of a client, by name: `GetEvents<typeof inngest>["order/placed"]`.
 *
 * @typeParam TWithInternal Whether the events that the engine sends are among them.
 */
export type GetEvents<
  TClient extends Inngest.Any,
  TWithInternal extends boolean = false,
> = EventsOf<OptionsOf<TClient>> & (TWithInternal extends true ? InternalEvents : unknown);

/** The step tools of a client's functions, for helpers that take them. */
export type GetStepTools<TClient extends Inngest.Any, _TTrigger = unknown> = StepTools<
  EventsOf<OptionsOf<TClient>>,
  ListOf<OptionsOf<TClient>>
>;

/** The context of a client's functions; with the name of an event, of those that it starts. */
export type GetFunctionInput<
  TClient extends Inngest.Any,
  TTrigger extends EventName<EventsOf<OptionsOf<TClient>>> = EventName<
    EventsOf<OptionsOf<TClient>>
  >,
> = FunctionContext<
  EventsOf<OptionsOf<TClient>>,
  TTrigger extends string ? { readonly event: TTrigger } : never,
  ListOf<OptionsOf<TClient>>
>;

/** What a function gives those who invoke it: as JSON. */
export type GetFunctionOutput<T> = Jsonify<GetFunctionOutputRaw<T>>;

/** What a function's handler returns. */
export type GetFunctionOutputRaw<T> =
  T extends InngestFunction<Untyped, infer TOutput>
    ? Output<TOutput>
    : T extends InngestFunctionReference<Untyped, infer TOutput>
      ? Output<TOutput>
      : unknown;

/** What an `onFailure` handler gets besides. */
export interface FailureEventArgs {
  error: Error;
}
