import { LonghaulError } from "../../../core/errors.ts";
import type { EventFilter } from "../../../runs/cel/event-filter.ts";
import { problemOfPattern } from "../../../runs/event-names.ts";
import type { SchemaIn, SchemaOut } from "../../schema.ts";
import type { Untyped } from "../../types/untyped.ts";
import { receive } from "../events/event.ts";
import { payloadParser, type PayloadSchema } from "../events/payload.ts";
import { conditionOf } from "./condition.ts";
import type { JobTrigger } from "./trigger.ts";

/** Which events start a job. */
export interface EventTriggerOptions<TSchema extends PayloadSchema | undefined> {
  /** Any of these; a name may end in `/*` or `.*`. Ten at most. */
  readonly name: string | readonly string[];
  /** Payloads that do not fit fail the run with the status INVALID_PAYLOAD. @default any payload */
  readonly schema?: TSchema;
  /** Only events of this source. @default "trigger.dev" */
  readonly source?: string | undefined;
  /** Only events whose payload fits. */
  readonly filter?: EventFilter | undefined;
  /** For people. */
  readonly examples?: readonly Untyped[] | undefined;
}

type Parsed<TSchema> = TSchema extends PayloadSchema ? SchemaOut<TSchema> : Untyped;
type Accepted<TSchema> = TSchema extends PayloadSchema ? SchemaIn<TSchema> : Untyped;

/**
 * Starts a job when an event is sent, by whatever idiom.
 *
 * @throws {LonghaulError} TRIGGER_V2_BAD_TRIGGER
 * @example
 * eventTrigger({ name: "order.paid", filter: { total: [{ $gt: 100 }], country: ["DE", "FR"] } })
 */
export function eventTrigger<TSchema extends PayloadSchema | undefined = undefined>(
  options: EventTriggerOptions<TSchema>,
): JobTrigger<Parsed<TSchema>, Accepted<TSchema>> {
  const { name, schema, source, filter } = options;
  const names = typeof name === "string" ? [name] : [...name];
  const owner = `eventTrigger(${JSON.stringify(name)})`;
  const reason =
    names.length === 0
      ? "it has no name"
      : names.map(problemOfPattern).find((it) => it !== undefined);
  if (reason !== undefined)
    throw new LonghaulError("TRIGGER_V2_BAD_TRIGGER", { trigger: owner, reason });
  const condition = conditionOf({ filter, source }, "event", owner);
  const parse = payloadParser(schema, names.join(", "));
  return {
    triggers: names.map((event) => ({ event, if: condition })),
    payloadOf: async (event) => (await parse(receive(event).payload)) as Parsed<TSchema>,
    checkInvoke: async (payload) => void (await parse(payload)),
  };
}
