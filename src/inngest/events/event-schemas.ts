import type { EventPayload, EventRecord, NameIn } from "../types/events.ts";
import type { IsAny, Simplify, Untyped } from "../types/json.ts";
import {
  isStandardSchema,
  type SchemaOutput,
  type StandardSchemaV1,
} from "../../core/standard-schema.ts";

/** What `fromRecord` describes an event by. */
interface EventShape {
  name?: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- interfaces have no index signature: only `any` lets them in
  data?: Record<string, any>;
  // oxlint-disable-next-line typescript/no-explicit-any -- as above
  user?: Record<string, any>;
}

/** Schemas of the parts of an event. */
interface PartSchemas {
  readonly data?: Untyped;
  readonly user?: Untyped;
}

/** A schema of a whole event whose name is a literal, such as `z.object({ name: z.literal("a"), data: … })`. */
interface LiteralSchema {
  readonly shape: { readonly name: Untyped } & PartSchemas;
}

type InferPart<T> = T extends { readonly _output: infer TOutput }
  ? TOutput
  : T extends StandardSchemaV1
    ? SchemaOutput<T>
    : T;

/** Of a union, which describes the events of a pattern one by one, each. */
type PayloadOf<TShape, TName extends string> = TShape extends unknown
  ? Simplify<
      Omit<EventPayload, "name" | keyof TShape> & { name: NameIn<TShape, TName> } & Omit<
          TShape,
          "name"
        >
    >
  : never;
type FromShapes<T> = { [K in keyof T & string]: PayloadOf<T[K], K> };
type FromParts<T> = {
  [K in keyof T & string]: PayloadOf<{ [P in keyof T[K]]: InferPart<T[K][P]> }, K>;
};
type FromLiterals<T extends readonly LiteralSchema[]> = {
  [S in T[number] as InferPart<S["shape"]["name"]> & string]: PayloadOf<
    { [P in keyof Omit<S["shape"], "name">]: InferPart<S["shape"][P]> },
    InferPart<S["shape"]["name"]> & string
  >;
};
type Combine<TOld, TNew> = Simplify<Omit<TOld, keyof TNew> & TNew>;

/**
 * Types for the events of a client, as in Inngest v3; each method returns the schemas with more events in them.
 *
 * The types are checked where code is compiled. Schemas that can be asked (zod and other Standard Schemas) are asked
 * at run time if the client has `validationMiddleware()`: in v3 they are types and nothing else by default.
 *
 * @example
 * const schemas = new EventSchemas().fromRecord<{ "order/placed": { data: { id: string } } }>();
 * const inngest = new Inngest({ id: "shop", schemas });
 */
export class EventSchemas<TEvents = object> {
  /** Never there: it carries the types. */
  declare readonly events: TEvents;
  /** Schemas of data, by event name, as far as there are any. */
  readonly dataSchemas: ReadonlyMap<string, StandardSchemaV1>;
  /** Whether types came without schemas: then not every event that is meant can be known. */
  readonly isComplete: boolean;

  constructor(dataSchemas: ReadonlyMap<string, StandardSchemaV1> = new Map(), isComplete = true) {
    this.dataSchemas = dataSchemas;
    this.isComplete = isComplete;
  }

  /** Events as a type: `{ "app/user.created": { data: { userId: string } } }`. */
  fromRecord<T extends { [K in keyof T]: EventShape }>(): EventSchemas<
    Combine<TEvents, FromShapes<T>>
  > {
    return new EventSchemas(this.dataSchemas, false);
  }

  /** Events that a tool wrote down. The same as {@link fromRecord}. */
  fromGenerated<T extends { [K in keyof T]: EventShape }>(): EventSchemas<
    Combine<TEvents, FromShapes<T>>
  > {
    return this.fromRecord<T>();
  }

  /** Events as a union of types, each with its name. */
  fromUnion<T extends { name: string } & EventShape>(): EventSchemas<
    Combine<TEvents, { [K in T["name"]]: PayloadOf<Extract<T, { name: K }>, K> }>
  > {
    return new EventSchemas(this.dataSchemas, false);
  }

  /** Events as zod schemas: by name, `{ "a": { data: z.object({ … }) } }`, or a list of objects with a literal name. */
  fromZod<const T extends readonly LiteralSchema[]>(
    schemas: T,
  ): EventSchemas<Combine<TEvents, FromLiterals<T>>>;
  fromZod<const T extends Readonly<Record<string, PartSchemas>>>(
    schemas: T,
  ): EventSchemas<Combine<TEvents, FromParts<T>>>;
  fromZod(
    schemas: readonly LiteralSchema[] | Readonly<Record<string, PartSchemas>>,
  ): EventSchemas<Untyped> {
    const entries = Array.isArray(schemas)
      ? schemas.map((schema: LiteralSchema) => [literalOf(schema), schema.shape] as const)
      : Object.entries(schemas);
    return this.#with(entries.map(([name, parts]) => [name, (parts as PartSchemas).data]));
  }

  /** Events as Standard Schemas of their data: `{ "a": z.object({ … }) }`. */
  fromSchema<T extends Readonly<Record<string, StandardSchemaV1>>>(
    schemas: T,
  ): EventSchemas<Combine<TEvents, FromShapes<{ [K in keyof T]: { data: SchemaOutput<T[K]> } }>>> {
    return this.#with(Object.entries(schemas));
  }

  #with(added: readonly (readonly [string, unknown])[]): EventSchemas<Untyped> {
    const schemas = new Map(this.dataSchemas);
    let { isComplete } = this;
    for (const [name, schema] of added) {
      if (isStandardSchema(schema)) schemas.set(name, schema);
      else isComplete = false;
    }
    return new EventSchemas(schemas, isComplete);
  }
}

/** The events of a client, by its `schemas`; without, any name and any data. */
export type EventsOf<TOptions> =
  IsAny<TOptions> extends true
    ? EventRecord
    : TOptions extends { readonly schemas: EventSchemas<infer TEvents> }
      ? TEvents
      : EventRecord;

/** zod 3 and 4 keep the value of a literal in these places. */
function literalOf({ shape }: LiteralSchema): string {
  const literal = shape.name as { value?: unknown; _def?: { value?: unknown; values?: unknown[] } };
  return String(literal.value ?? literal._def?.value ?? literal._def?.values?.[0]);
}
