import { issuesOf, refuseIssues } from "./check-schema.ts";
import type { EventMeta } from "../types/events.ts";
import type { InvokedName } from "../internal-events.ts";
import { internalEvents } from "../internal-events.ts";
import type { StandardSchemaV1 } from "../../core/standard-schema.ts";
import type { Untyped } from "../types/json.ts";

/** Data of events: objects. */
type Data = Record<string, unknown>;
type DataSchema = StandardSchemaV1<Data> | undefined;

/** What else an event may carry. */
export interface CreateOptions {
  readonly id?: string;
  readonly ts?: number;
  readonly v?: string;
  readonly meta?: EventMeta;
}

type CreateArguments<TSchema> =
  TSchema extends StandardSchemaV1<infer TData>
    ? [data: TData, options?: CreateOptions]
    : [data?: Record<string, unknown>, options?: CreateOptions];

/** An event made by {@link EventType.create}: what `send` takes, and a way to look at it before. */
export interface CreatedEvent<TName extends string, TData> extends CreateOptions {
  readonly name: TName;
  readonly data: TData;
  /** Rejects with INNGEST_EVENT_INVALID if the data does not fit the schema; `send` does the same. */
  validate(): Promise<void>;
}

/** Where a created event keeps its schema, also through a spread; JSON leaves it out. */
const SCHEMA = Symbol("schema");

/** The schema of an event that was made by {@link EventType.create}. */
export function schemaOf(payload: unknown): StandardSchemaV1 | undefined {
  return (payload as { readonly [SCHEMA]?: StandardSchemaV1 } | null | undefined)?.[SCHEMA];
}

/**
 * An event with a name, and with a schema if one was given: a trigger, something to wait for, and a way to make such
 * events. Made by {@link eventType}.
 */
export class EventType<TName extends string, TSchema> {
  /** The name once more, so that an event type is a trigger as it is. */
  readonly event: TName;
  readonly name: TName;
  readonly schema: TSchema;
  readonly version: string | undefined;

  constructor(options: { name: TName; schema: TSchema; version?: string | undefined }) {
    this.event = options.name;
    this.name = options.name;
    this.schema = options.schema;
    this.version = options.version;
  }

  /** An event to send. */
  create(
    ...[data, options]: CreateArguments<TSchema>
  ): CreatedEvent<TName, TSchema extends StandardSchemaV1<infer TData> ? TData : Untyped> {
    const { name } = this;
    const schema = this.schema as StandardSchemaV1 | undefined;
    const v = options?.v ?? this.version;
    return {
      ...options,
      name,
      data: data as never,
      ...(v !== undefined && { v }),
      ...(schema !== undefined && { [SCHEMA]: schema }),
      async validate() {
        if (schema !== undefined) refuseIssues(name, await issuesOf(schema, data));
      },
    };
  }
}

/** Any event type. */
export type AnyEventType<TName extends string = string> = EventType<TName, Untyped>;

/** Schemas that change the data (defaults, coercions) cannot describe what is stored: it is the input. */
type WithoutTransform<TSchema> =
  TSchema extends StandardSchemaV1<infer TInput, infer TOutput>
    ? [TInput] extends [TOutput]
      ? unknown
      : "Transforms are not supported: the schema's input and output must be the same type"
    : unknown;

/**
 * Describes an event.
 *
 * @param name The event's name; a trailing `*` makes it a pattern.
 * @param options `schema`: any Standard Schema (zod, valibot, arktype, {@link staticSchema}); `version`: the `v` of its events.
 *
 * @example
 * const orderPlaced = eventType("order/placed", { schema: staticSchema<{ id: string }>() });
 * await inngest.send(orderPlaced.create({ id: "o-1" }));
 */
export function eventType<TName extends string, TSchema extends DataSchema = undefined>(
  name: TName,
  options: { schema?: TSchema & WithoutTransform<TSchema>; version?: string } = {},
): EventType<TName, TSchema> {
  const { schema, version } = options;
  return new EventType<TName, TSchema>({ name, schema: schema as TSchema, version });
}

/** Whether a name stands for many: only triggers take those. */
export const isPattern = (name: string): boolean => /[/.]\*$/.test(name);

/** A schema that is a type and nothing else: it accepts everything at run time. */
export function staticSchema<TData extends Record<string, unknown>>(): StandardSchemaV1<TData> {
  return {
    "~standard": {
      version: 1,
      vendor: "longhaul",
      validate: (value) => ({ value: value as TData }),
    },
  };
}

/** A trigger for `step.invoke` alone, with the data that callers must give. */
export function invoke<TData extends Record<string, unknown>>(
  schema: StandardSchemaV1<TData>,
): EventType<InvokedName, StandardSchemaV1<TData>> {
  return new EventType({ name: internalEvents.FunctionInvoked, schema });
}

/** A trigger by the clock: `cron("TZ=Europe/Paris 0 9 * * 1-5")`. */
export function cron<TExpression extends string>(expression: TExpression): { cron: TExpression } {
  return { cron: expression };
}
