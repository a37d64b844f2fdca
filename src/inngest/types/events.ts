import type { EventType } from "../events/event-type.ts";
import type { StandardSchemaV1 } from "../../core/standard-schema.ts";
import type { internalEvents, InvokedName, ScheduledName } from "../internal-events.ts";
import type { IsAny, IsNever, Simplify, Untyped } from "./json.ts";

/** What an event says about itself, apart from its data. */
export interface EventMeta {
  /** What the event belongs to, by kind: `{ chat: "c-1" }`. */
  readonly sessions?: Readonly<Record<string, string | number | null>> | null | undefined;
  readonly propagated_sessions?: Readonly<Record<string, string | number>> | undefined;
}

/** An event without its name. */
export interface MinimalEventPayload<TData = Untyped> {
  /** The sender's id: the same id starts a function once within 24 hours. */
  id?: string | undefined;
  /** A JSON object. @default {} */
  data?: TData | undefined;
  /** Who caused it, for code written for v3. */
  user?: Untyped;
  /** The version of the data's shape. */
  v?: string | undefined;
  meta?: EventMeta | undefined;
}

/** An event as it is sent. */
export interface EventPayload<TData = Untyped> extends MinimalEventPayload<TData> {
  name: string;
  /** When it happened, epoch ms; in the future it delays what it starts. @default now */
  ts?: number | undefined;
}

/** An event as functions get it. */
export interface ReceivedEvent<TName = string, TData = Untyped> {
  id: string;
  name: TName;
  data: TData;
  ts: number;
  v?: string;
  user?: Untyped;
  meta?: { sessions?: Record<string, string> };
}

/** Events by name, as `EventSchemas` describes them. */
export type EventRecord = Record<string, EventPayload>;

/** The error of a failed run, in events and output. */
export interface JsonError {
  name: string;
  message: string;
  stack?: string;
  cause?: unknown;
}

/** Sent when a run has failed for good; what `onFailure` gets. */
export interface FailureEventPayload<TEvent = ReceivedEvent> extends ReceivedEvent<
  typeof internalEvents.FunctionFailed
> {
  data: { function_id: string; run_id: string; error: JsonError; event: TEvent };
}

/** Sent when a run has ended, well or not. */
export interface FinishedEventPayload extends ReceivedEvent<
  typeof internalEvents.FunctionFinished
> {
  data: {
    function_id: string;
    run_id: string;
    correlation_id?: string;
  } & ({ error: JsonError } | { result: unknown });
}

/** Sent when a run was canceled. */
export interface CancelledEventPayload extends ReceivedEvent<
  typeof internalEvents.FunctionCancelled
> {
  data: { function_id: string; run_id: string; correlation_id?: string };
}

/** The event of a cron trigger. */
export type ScheduledTimerEventPayload = ReceivedEvent<ScheduledName, { cron: string }>;

/** The event of a function that was started by `step.invoke`. */
export type InvokedEventPayload = ReceivedEvent<InvokedName>;

/** What every client that has schemas knows besides. */
export interface InternalEvents {
  [internalEvents.FunctionFailed]: FailureEventPayload;
  [internalEvents.FunctionFinished]: FinishedEventPayload;
  [internalEvents.FunctionCancelled]: CancelledEventPayload;
  [internalEvents.FunctionInvoked]: InvokedEventPayload;
  [internalEvents.ScheduledTimer]: ScheduledTimerEventPayload;
}

/** Whether a client has no schemas: any name, any data. */
type IsUntyped<TEvents> = string extends keyof TEvents ? true : false;

/** The names a client may trigger on and wait for. */
export type EventName<TEvents> =
  IsUntyped<TEvents> extends true ? string : (keyof TEvents | keyof InternalEvents) & string;

/** What a client may send. */
export type SendablePayload<TEvents> =
  IsUntyped<TEvents> extends true
    ? EventPayload
    : {
        [K in Exclude<keyof TEvents, keyof InternalEvents> & string]: Sendable<TEvents[K], K>;
      }[Exclude<keyof TEvents, keyof InternalEvents> & string];

type Sendable<TEvent, TName extends string> = TEvent extends unknown
  ? Omit<EventPayload, "name" | "data" | "user"> & {
      name: NameIn<TEvent, TName>;
    } & (TEvent extends { data: infer TData } ? { data: TData } : { data?: Untyped }) &
      (TEvent extends { user: infer TUser } ? { user?: TUser } : { user?: Untyped })
  : never;

/** A schema under a pattern describes all names that fit it, unless it says which it means. */
export type NameIn<TEvent, TName extends string> = TName extends `${infer THead}*`
  ? TEvent extends { name: infer TOwn extends `${THead}${string}` }
    ? TOwn
    : `${THead}${string}`
  : TName;

/** An event of a name, as functions get it. */
export type EventNamed<TEvents, TName extends string> =
  IsUntyped<TEvents> extends true
    ? ReceivedEvent<NameOrPattern<TName>>
    : TName extends keyof TEvents
      ? FromPayload<TEvents[TName], TName>
      : TName extends keyof InternalEvents
        ? InternalEvents[TName]
        : TName extends `${infer THead}*`
          ? {
              [K in keyof TEvents & string]: K extends `${THead}${string}`
                ? FromPayload<TEvents[K], K>
                : never;
            }[keyof TEvents & string]
          : ReceivedEvent<TName>;

type FromPayload<TPayload, TName extends string> = TPayload extends unknown
  ? Simplify<
      Omit<ReceivedEvent<NameIn<TPayload, TName>>, "data" | "user"> & {
        data: TPayload extends { data: infer TData } ? TData : Untyped;
        user?: TPayload extends { user: infer TUser } ? TUser : Untyped;
      }
    >
  : never;

/** A pattern stands for names nobody can list. */
type NameOrPattern<TName extends string> = TName extends `${string}*` ? string : TName;

type DataOf<TSchema> = TSchema extends StandardSchemaV1<infer TData> ? TData : Untyped;

type OfEventType<TName extends string, TSchema> = TName extends InvokedName
  ? never
  : ReceivedEvent<NameOrPattern<TName>, DataOf<TSchema>>;

/** The event that one trigger leads to; none for a trigger that only describes invocations. */
type EventOf<TEvents, TTrigger> =
  TTrigger extends EventType<infer TName, infer TSchema>
    ? OfEventType<TName, TSchema>
    : TTrigger extends { readonly event: EventType<infer TName, infer TSchema> }
      ? OfEventType<TName, TSchema>
      : TTrigger extends { readonly event: infer TName extends string }
        ? EventNamed<TEvents, TName>
        : TTrigger extends { readonly cron: string }
          ? ScheduledTimerEventPayload
          : never;

/** The data that callers of `step.invoke` give, where a trigger says so. */
type InvokeDataOf<TTrigger> =
  TTrigger extends EventType<InvokedName, StandardSchemaV1<infer TData>> ? TData : never;

type WithoutInvoked<TEvent> = TEvent extends { name: InvokedName } ? never : TEvent;
type WithoutTimer<TEvent> = TEvent extends { name: ScheduledName } ? never : TEvent;
type DataOfEvents<TEvent> = TEvent extends { data: infer TData } ? TData : never;

/** The data of an invocation: what a trigger demands, else what the other triggers bring. */
type InvokedData<TEvents, TTrigger> =
  IsNever<InvokeDataOf<TTrigger>> extends false
    ? InvokeDataOf<TTrigger>
    : IsNever<EventOf<TEvents, TTrigger>> extends true
      ? Untyped
      : DataOfEvents<WithoutInvoked<EventOf<TEvents, TTrigger>>>;

/** The events that a function with these triggers may get. `TTrigger` is the union of them; `never` is a function without. */
export type TriggeredEvent<TEvents, TTrigger> =
  | WithoutInvoked<EventOf<TEvents, TTrigger>>
  | ReceivedEvent<InvokedName, InvokedData<TEvents, TTrigger>>;

/** The events of a batch; invocations and timers are never batched. */
export type BatchedEvent<TEvents, TTrigger> =
  IsNever<WithoutInvoked<EventOf<TEvents, TTrigger>>> extends true
    ? TriggeredEvent<TEvents, TTrigger>
    : WithoutInvoked<EventOf<TEvents, TTrigger>>;

/** What callers of `step.invoke` pass: `data` is demanded where the function's triggers describe it. */
export type InvokeInput<TEvents, TTrigger> =
  IsNever<InvokeDataOf<TTrigger>> extends false
    ? { data: InvokeDataOf<TTrigger> }
    : RequireKnown<DataOfEvents<WithoutTimer<WithoutInvoked<EventOf<TEvents, TTrigger>>>>>;

type RequireKnown<TData> =
  IsNever<TData> extends true
    ? { data?: Untyped }
    : IsAny<TData> extends true
      ? { data?: Untyped }
      : { data: TData };
