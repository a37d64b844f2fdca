/** A problem that a schema found. */
export interface SchemaIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** The answer of a schema: a value, or what is wrong. */
export type SchemaResult<TOutput> =
  | { readonly value: TOutput; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] };

/**
 * What zod, valibot, arktype and others have in common: the interface of https://standardschema.dev, version 1.
 * No schema library is needed or imported.
 */
export interface StandardSchemaV1<TInput = unknown, TOutput = TInput> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => SchemaResult<TOutput> | Promise<SchemaResult<TOutput>>;
    readonly types?: { readonly input: TInput; readonly output: TOutput } | undefined;
  };
}

/** The type of the values that a schema accepts. */
export type SchemaInput<TSchema> =
  TSchema extends StandardSchemaV1<infer TInput, unknown> ? TInput : never;

/** The type of the values that a schema gives. */
export type SchemaOutput<TSchema> =
  NonNullable<
    TSchema extends StandardSchemaV1 ? TSchema["~standard"]["types"] : undefined
  > extends { readonly output: infer TOutput }
    ? TOutput
    : TSchema extends { readonly _output: infer TOutput }
      ? TOutput
      : never;

/** Whether something is such a schema. Some libraries' schemas are functions. */
export function isStandardSchema(value: unknown): value is StandardSchemaV1 {
  if ((typeof value !== "object" && typeof value !== "function") || value === null) return false;
  const standard = (value as Partial<StandardSchemaV1>)["~standard"];
  return typeof standard?.validate === "function";
}
