import { z } from "zod";
import { endpoints } from "../../client/endpoints/index.ts";
import { splitEndpoint } from "../methods.ts";
import type { Route } from "../route.ts";
import { type JsonSchema, SchemaCollector } from "./schemas.ts";

/** An OpenAPI 3.1 document, as far as it is made here. */
export interface OpenApiDocument {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly servers: readonly { readonly url: string }[];
  readonly tags: readonly { readonly name: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: Readonly<Record<string, Readonly<Record<string, object>>>>;
}

/** A route in the document. */
export interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  readonly tags: readonly string[];
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
  /** The role that suffices; "none" needs no token. */
  readonly "x-longhaul-role": string;
  readonly parameters: readonly object[];
  readonly requestBody?: object;
  readonly responses: Readonly<Record<string, { readonly content?: Content }>>;
}

type Content = Readonly<Record<string, { readonly schema?: JsonSchema }>>;

/** How to make a document. */
export interface DocumentOptions {
  /** The address of the API, absolute or from the root of its host. */
  readonly url: string;
  /** @default false: clients must expect fields that a later version adds */
  readonly closed?: boolean | undefined;
}

const TITLE = "Longhaul";
const VERSION = "1";
const PROBLEM = "application/problem+json";

/** A problem document, as a schema. */
const problem = z
  .looseObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.string().meta({ description: "That of the error in docs/errors.md" }),
    hint: z.string().meta({ description: "What to do about it" }),
    errors: z.array(z.object({ pointer: z.string(), detail: z.string() })).optional(),
  })
  .meta({ id: "Problem" });

/** The document of the API: each operation is a route, and its id is the route's. */
export function buildDocument(
  routes: readonly Route[],
  { url, closed = false }: DocumentOptions,
): OpenApiDocument {
  const schemas = new SchemaCollector({ closed });
  schemas.add(problem, "output", "Problem");
  const paths: Record<string, Record<string, Operation>> = {};
  for (const route of routes) {
    const { method, path } = splitEndpoint(endpoints[route.id]);
    const operations = (paths[path.replaceAll(/:(\w+)/g, "{$1}")] ??= {});
    operations[method.toLowerCase()] = operationOf(route, schemas);
  }
  const tags = [...new Set(routes.map(tagOf))].map((name) => ({ name }));
  return {
    openapi: "3.1.0",
    info: {
      title: TITLE,
      version: VERSION,
      description:
        "Queues, jobs, functions and runs of a Longhaul runtime. Errors are problem documents (RFC 9457).",
    },
    servers: [{ url }],
    tags,
    paths,
    components: {
      schemas: schemas.components,
      securitySchemes: {
        token: { type: "http", scheme: "bearer" },
      },
      parameters: {
        IdempotencyKey: {
          name: "Idempotency-Key",
          in: "header",
          description:
            "A new key for each new request. A request that is repeated with its key within 24 hours is done once.",
          schema: { type: "string", minLength: 1, maxLength: 255 },
        },
      },
      responses: {
        Problem: {
          description: "What is wrong, and what to do about it",
          content: { [PROBLEM]: { schema: { $ref: "#/components/schemas/Problem" } } },
        },
      },
    },
  };
}

function operationOf(route: Route, schemas: SchemaCollector): Operation {
  const { id, summary, description, role, body } = route;
  const { method, path } = splitEndpoint(endpoints[id]);
  const isPost = method === "POST" && role !== "none";
  return {
    operationId: id,
    summary,
    ...(description !== undefined && { description }),
    tags: [tagOf(route)],
    security: role === "none" ? [] : [{ token: [] }],
    "x-longhaul-role": role,
    parameters: [
      ...pathParameters(path, route, schemas),
      ...queryParameters(route, schemas),
      ...(isPost ? [{ $ref: "#/components/parameters/IdempotencyKey" }] : []),
    ],
    ...(body && {
      requestBody: {
        required: !body.safeParse(undefined).success,
        content: { "application/json": { schema: schemas.add(body, "input", `${id}.body`) } },
      },
    }),
    responses: responsesOf(route, schemas),
  };
}

function pathParameters(path: string, { id, params }: Route, schemas: SchemaCollector): object[] {
  const properties = params ? fieldsOf(params, `${id}.params`, schemas).properties : undefined;
  return [...path.matchAll(/:(\w+)/g)].map(([, name = ""]) => ({
    name,
    in: "path",
    required: true,
    schema: properties?.[name] ?? { type: "string" },
  }));
}

function queryParameters({ id, query }: Route, schemas: SchemaCollector): object[] {
  if (query === undefined) return [];
  const { properties, required } = fieldsOf(query, `${id}.query`, schemas);
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: "query",
    required: required.includes(name),
    schema,
  }));
}

function fieldsOf(schema: z.ZodType, owner: string, schemas: SchemaCollector) {
  const { properties = {}, required = [] } = schemas.add(schema, "input", owner) as {
    properties?: Record<string, JsonSchema>;
    required?: readonly string[];
  };
  return { properties, required };
}

function responsesOf(route: Route, schemas: SchemaCollector): Operation["responses"] {
  const { id, answer, status = 200, contentType = "application/json" } = route;
  const schema = schemas.add(answer, "output", `${id}.answer`);
  const done = {
    description: status === 202 ? "It goes on in the background" : "Done",
    ...(status !== 204 && { content: { [contentType]: { schema } } }),
  };
  return {
    [status]: done,
    default: { $ref: "#/components/responses/Problem" } as Operation["responses"][string],
  };
}

const tagOf = ({ id }: Pick<Route, "id">): string => id.split(".")[0]!;
