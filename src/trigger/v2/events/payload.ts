import { LonghaulError } from "../../../core/errors.ts";
import { parserOf, type TaskSchema } from "../../schema.ts";

/** What a payload is held to: zod and any other Standard Schema, an object with `parse`, or a function. */
export type PayloadSchema = TaskSchema;

/** Gives the payload as the schema makes it. */
export type PayloadParser = (payload: unknown) => Promise<unknown>;

/**
 * How to hold payloads to a schema.
 *
 * @param name Of the event or the job, for the error.
 * @throws {LonghaulError} TASK_BAD_OPTION if it is no schema; the parser rejects with TRIGGER_V2_INVALID_PAYLOAD
 */
export function payloadParser(schema: PayloadSchema | undefined, name: string): PayloadParser {
  if (schema === undefined) return (payload) => Promise.resolve(payload);
  const parse = parserOf(schema, name);
  return async (payload) => {
    try {
      return await parse(payload);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new LonghaulError("TRIGGER_V2_INVALID_PAYLOAD", { name, reason }, { cause: error });
    }
  };
}
