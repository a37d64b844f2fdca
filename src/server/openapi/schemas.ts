import { z } from "zod";

/** A JSON schema, of the dialect 2020-12, which is that of OpenAPI 3.1. */
export type JsonSchema = Readonly<Record<string, unknown>>;

type Io = "input" | "output";

/**
 * JSON schemas of zod's, with what they share moved to `#/components/schemas`: a schema with an id
 * (`.meta({ id: "Job" })`) is there once under its id.
 */
export class SchemaCollector {
  readonly #shared = new Map<string, JsonSchema>();
  readonly #closed: boolean;

  /** @param closed whether answers may have only the fields that are named: too strict for clients, right for tests */
  constructor({ closed }: { readonly closed: boolean }) {
    this.#closed = closed;
  }

  /** What was shared so far, by name. */
  get components(): Readonly<Record<string, JsonSchema>> {
    return Object.fromEntries(
      [...this.#shared].toSorted(([left], [right]) => (left < right ? -1 : 1)),
    );
  }

  /**
   * @param io whether it is for what is sent to the server or for what it answers: defaults make the difference
   * @param owner names what is shared only inside of this schema, such as the parts of a recursive one
   */
  add(schema: z.ZodType, io: Io, owner: string): JsonSchema {
    const { $schema, $defs, ...rest } = z.toJSONSchema(schema, {
      target: "draft-2020-12",
      io,
      unrepresentable: "any",
      override: ({ jsonSchema }) => {
        if (io === "output" && !this.#closed && jsonSchema.additionalProperties === false)
          delete jsonSchema.additionalProperties;
      },
    }) as Record<string, unknown>;
    void $schema;
    const nameOf = (name: string): string =>
      name.startsWith("__schema") ? `${owner}.${name.slice(2)}` : `${name}${this.#suffix(io)}`;
    const { id, ...root } = rest;
    const rootName = typeof id === "string" ? nameOf(id) : owner;
    const point = (ref: string): string =>
      reference(ref === "#" ? rootName : nameOf(ref.replace("#/$defs/", "")));
    for (const [name, definition] of Object.entries(($defs ?? {}) as Record<string, JsonSchema>))
      this.#shared.set(nameOf(name), pointAll(definition, point));
    const own = pointAll(root, point);
    const isRecursive = JSON.stringify(rest).includes('"$ref":"#"');
    if (id === undefined && !isRecursive) return own;
    this.#shared.set(rootName, own);
    return { $ref: reference(rootName) };
  }

  /** The same schema looks different from both sides. */
  #suffix(io: Io): string {
    return io === "input" ? "Input" : "";
  }
}

const reference = (name: string): string => `#/components/schemas/${name}`;

/** A copy of a schema whose references lead to the components; `id` is no keyword of the dialect. */
function pointAll(schema: JsonSchema, point: (ref: string) => string): JsonSchema {
  const visit = (value: unknown, isSchema: boolean): unknown => {
    if (Array.isArray(value)) return value.map((item) => visit(item, isSchema));
    if (typeof value !== "object" || value === null) return value;
    const entries = Object.entries(value).flatMap(([key, inner]) => {
      if (!isSchema) return [[key, visit(inner, true)]];
      if (key === "id") return [];
      if (key === "$ref") return [[key, point(inner as string)]];
      // What is an example or a constant is data, and below `properties` the keys are names.
      if (["const", "enum", "default", "examples"].includes(key)) return [[key, inner]];
      return [[key, visit(inner, !["properties", "patternProperties"].includes(key))]];
    });
    return Object.fromEntries(entries) as unknown;
  };
  return visit(schema, true) as JsonSchema;
}
