import type { DurationInput } from "../durations.ts";
import type { AnyEventType } from "../events/event-type.ts";
import type { FailureContext } from "../types/context.ts";
import type { EventName } from "../types/events.ts";
import type { MiddlewareList } from "../types/middleware.ts";
import type { BackoffInput } from "./backoff.ts";

/** Starts a function: an event's name or type, a pattern (`app/*`), or a schedule. */
export type TriggerInput<TName extends string = string> =
  | AnyEventType
  | {
      readonly event: TName | Pattern | AnyEventType;
      /** CEL over `event`: whether this event is meant. */
      readonly if?: string | undefined;
      readonly cron?: undefined;
    }
  | {
      /** Five fields, or six with seconds first, UTC; `TZ=Europe/Paris 0 9 * * *` for another time zone. */
      readonly cron: string;
      /** Starts a random time of up to this later, the same in all processes. */
      readonly jitter?: DurationInput | undefined;
      readonly event?: undefined;
    };

type Pattern = `${string}*`;

/** At most so many runs at once. */
export interface ConcurrencyInput {
  /** 0 for no limit. */
  readonly limit: number;
  /** CEL over `event`: a limit for each value. Evaluated when the run starts. */
  readonly key?: string | undefined;
  /** Who shares it: the function, or every function of the store with the same scope and value. @default "fn" */
  readonly scope?: "fn" | "env" | "account" | undefined;
}

/** Cancels runs of a function. */
export type CancelOnInput<TName extends string = string> = {
  readonly event: TName | AnyEventType;
  /** How long after the start it counts. @default a year */
  readonly timeout?: DurationInput | undefined;
} & (
  | {
      /** CEL over `event` (that started the run) and `async` (that cancels). */
      readonly if?: string | undefined;
      readonly match?: undefined;
    }
  | {
      /** A path such as `data.orderId` that must be equal in both events. */
      readonly match?: string | undefined;
      readonly if?: undefined;
    }
);

/** What limits and orders the runs of a function. Durations are text, ms or Temporal.Duration. */
export interface FlowOptions<TName extends string = string> {
  /** Runs at once; one or two limits. */
  readonly concurrency?:
    | number
    | ConcurrencyInput
    | readonly [ConcurrencyInput, ConcurrencyInput?]
    | readonly ConcurrencyInput[]
    | undefined;
  /** Starts a period; more wait for their turn. `limit` at once plus `burst`, then one every `period / limit`. */
  readonly throttle?:
    | {
        readonly limit: number;
        readonly period: DurationInput;
        /** @default 0 */
        readonly burst?: number | undefined;
        readonly key?: string | undefined;
      }
    | undefined;
  /** Starts a period; more are dropped. */
  readonly rateLimit?:
    | {
        readonly limit: number;
        readonly period: DurationInput;
        readonly key?: string | undefined;
        /**
         * How starts are counted: as Inngest does (`gcra`: a tenth of the limit at once, then one every
         * `period / limit`), or exactly `limit` in any `period` (`window`).
         * @default "gcra"
         */
        readonly mode?: "gcra" | "window" | undefined;
      }
    | undefined;
  /** Starts once no event has come for `period`, with the newest. */
  readonly debounce?:
    | {
        readonly period: DurationInput;
        readonly key?: string | undefined;
        /** Starts after this at the latest. */
        readonly timeout?: DurationInput | undefined;
      }
    | undefined;
  /** Starts with many events at once: `events` in the handler. */
  readonly batchEvents?:
    | {
        readonly maxSize: number;
        readonly timeout: DurationInput;
        readonly key?: string | undefined;
        /** Events for which this does not hold start a run of their own. */
        readonly if?: string | undefined;
      }
    | undefined;
  /** `run`: CEL that gives seconds to run ahead of others; negative for behind. */
  readonly priority?: { readonly run?: string | undefined } | undefined;
  /** One run at a time; another is skipped, or cancels the first. */
  readonly singleton?:
    { readonly key?: string | undefined; readonly mode: "skip" | "cancel" } | undefined;
  /** CEL: one start a value in 24 hours. */
  readonly idempotency?: string | undefined;
  readonly cancelOn?: readonly CancelOnInput<TName>[] | undefined;
  /** Cancels runs that did not start, or finish, in time. */
  readonly timeouts?:
    | {
        readonly start?: DurationInput | undefined;
        readonly finish?: DurationInput | undefined;
      }
    | undefined;
}

/** How results travel to Inngest's server. Here every step is stored the moment it is done; accepted as it is. */
export type CheckpointingInput =
  | boolean
  | {
      readonly maxRuntime?: DurationInput | undefined;
      readonly bufferedSteps?: number | undefined;
      readonly maxInterval?: DurationInput | undefined;
    };

/** Options of `createFunction`, apart from its triggers. */
export interface FunctionOptions<
  TEvents = Record<string, never>,
  TTrigger = unknown,
  TClientMiddleware = readonly [],
  TMiddleware = readonly [],
> extends FlowOptions<EventName<TEvents>> {
  /** Unique in the client. A new id is a new function: runs of the old one stay with the old one. */
  readonly id: string;
  /** For people. @default the id */
  readonly name?: string | undefined;
  readonly description?: string | undefined;
  /** Tries after the first, of each step and of the code between steps, 0 to 20. @default 4 */
  readonly retries?: number | undefined;
  /** How long to wait between tries. Longhaul's own. @default 15 s, 30 s, 1 min … 2 h, and up to 30 s more */
  readonly backoff?: BackoffInput | undefined;
  /** Runs once a run has failed for good. A function of its own, `<id>-failure`. */
  readonly onFailure?:
    | ((
        context: FailureContext<TEvents, TTrigger, Joined<TClientMiddleware, TMiddleware>>,
      ) => unknown)
    | undefined;
  readonly middleware?: TMiddleware | undefined;
  readonly checkpointing?: CheckpointingInput | undefined;
  readonly experimentalCheckpointing?: CheckpointingInput | undefined;
  /** Parallel steps never cost a round trip here; accepted as it is. */
  readonly optimizeParallelism?: boolean | undefined;
}

/** Middleware of the client, then of the function. */
export type Joined<TFirst, TSecond> = readonly [...AsList<TFirst>, ...AsList<TSecond>];
type AsList<T> = T extends MiddlewareList ? T : readonly [];
