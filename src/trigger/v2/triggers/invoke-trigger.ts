import type { SchemaIn, SchemaOut } from "../../schema.ts";
import type { Untyped } from "../../types/untyped.ts";
import { receive } from "../events/event.ts";
import { payloadParser, type PayloadSchema } from "../events/payload.ts";
import type { JobTrigger } from "./trigger.ts";

/** What may be invoked. */
export interface InvokeTriggerOptions<TSchema extends PayloadSchema | undefined> {
  /** Holds payloads where the job is invoked, and again where it runs. @default any payload */
  readonly schema?: TSchema;
  /** For people. */
  readonly examples?: readonly Untyped[] | undefined;
}

/**
 * Starts a job only when it is invoked: `job.invoke(payload)`.
 *
 * @example
 * const resize = client.defineJob({ ...common, trigger: invokeTrigger({ schema: z.object({ id: z.string() }) }) });
 */
export function invokeTrigger<TSchema extends PayloadSchema | undefined = undefined>({
  schema,
}: InvokeTriggerOptions<TSchema> = {}): JobTrigger<
  TSchema extends PayloadSchema ? SchemaOut<TSchema> : Untyped,
  TSchema extends PayloadSchema ? SchemaIn<TSchema> : Untyped
> {
  const parse = payloadParser(schema, "an invoked job");
  return {
    triggers: [],
    payloadOf: async (event) => (await parse(receive(event).payload)) as never,
    checkInvoke: async (payload) => void (await parse(payload)),
  };
}
