import type { StandardSchemaV1 } from "../core/standard-schema.ts";
import { isStandardSchema } from "../core/standard-schema.ts";
import { LonghaulError } from "../core/errors.ts";
import type { MaybePromise, Untyped } from "./types/untyped.ts";

/**
 * What `schemaTask` takes: any library of https://standardschema.dev (zod, valibot, arktype, …), an object with `parse`
 * (zod 3), `validateSync` (yup) or `create` (superstruct), or a function that returns the value or throws.
 */
export type TaskSchema =
  | StandardSchemaV1
  | { parse(value: unknown): unknown }
  | { validateSync(value: unknown): unknown }
  | { create(value: unknown): unknown; assert(value: unknown): unknown }
  | ((value: unknown) => unknown);

/** What a caller has to give. */
export type SchemaIn<TSchema> =
  TSchema extends StandardSchemaV1<infer TInput, unknown>
    ? TInput
    : TSchema extends { _input: infer TInput }
      ? TInput
      : SchemaOut<TSchema>;

/** What the task gets. */
export type SchemaOut<TSchema> = TSchema extends {
  readonly "~standard": { readonly types?: { readonly output: infer TOutput } | undefined };
}
  ? TOutput
  : TSchema extends { parse(value: Untyped): infer TOutput }
    ? Awaited<TOutput>
    : TSchema extends { validateSync(value: Untyped): infer TOutput }
      ? TOutput
      : TSchema extends { create(value: Untyped): infer TOutput }
        ? TOutput
        : TSchema extends (value: Untyped) => infer TOutput
          ? Awaited<TOutput>
          : never;

/** Gives the parsed value, at once where the schema answers at once. Throws what the schema throws. */
export type Parser = (value: unknown) => MaybePromise<unknown>;

/**
 * How to ask a schema.
 * @throws {LonghaulError} TASK_BAD_OPTION if it is of no known kind
 */
export function parserOf(schema: unknown, owner: string): Parser {
  if (isStandardSchema(schema)) return (value) => askStandard(schema, value);
  if (typeof schema === "function") return schema as Parser;
  if (typeof schema === "object" && schema !== null)
    for (const name of ["parse", "validateSync", "create"] as const) {
      const method = (schema as Readonly<Record<string, unknown>>)[name];
      if (typeof method === "function") return (value) => method.call(schema, value) as unknown;
    }
  throw new LonghaulError("TASK_BAD_OPTION", {
    owner,
    reason: "schema is of no kind that is known: give a Standard Schema or a function",
  });
}

function askStandard(schema: StandardSchemaV1, value: unknown): MaybePromise<unknown> {
  const result = schema["~standard"].validate(value);
  return result instanceof Promise ? result.then(valueOf) : valueOf(result);
}

function valueOf(result: Awaited<ReturnType<StandardSchemaV1["~standard"]["validate"]>>): unknown {
  if (!result.issues) return result.value;
  const issues = result.issues.map(({ path, message }) => {
    const keys = (path ?? []).map((part) => String(typeof part === "object" ? part.key : part));
    return keys.length === 0 ? message : `${keys.join(".")}: ${message}`;
  });
  throw new Error(issues.join("; ") || "the schema gives no reason");
}
