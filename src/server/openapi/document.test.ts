import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { openServer } from "../../../test/server/kit.ts";
import { documentSchema, DocumentSchemas, pointerTo } from "../../../test/server/openapi-check.ts";
import { endpoints } from "../../client/endpoints/index.ts";
import { type Route, route } from "../route.ts";
import { routes } from "../routes/index.ts";
import { buildDocument, type OpenApiDocument } from "./document.ts";

const document = buildDocument(routes, { url: "/api/v1" });

/** Every schema that stands in a document, by the pointer to it. */
function* schemasIn(value: unknown, path: string[] = []): Generator<string> {
  if (typeof value !== "object" || value === null) return;
  const isSchemaMap = path.length === 2 && path[1] === "schemas";
  for (const [key, inner] of Object.entries(value)) {
    const at = [...path, key];
    if (isSchemaMap || key === "schema") yield pointerTo(...at);
    else yield* schemasIn(inner, at);
  }
}

describe("the document of the API", () => {
  test("is OpenAPI 3.1", () => {
    const ajv = new Ajv2020({ strict: false });
    ajv.validate(documentSchema, JSON.parse(JSON.stringify(document)));
    expect(ajv.errors ?? []).toEqual([]);
  });

  test("holds schemas only that can be compiled, with references that lead somewhere", () => {
    const schemas = new DocumentSchemas(document);
    const pointers = [...schemasIn(document)];
    expect(pointers.length).toBeGreaterThan(routes.length);
    expect(pointers.map((pointer) => typeof schemas.at(pointer))).not.toContain("undefined");
  });

  test("has every endpoint under the id of its route, and names each of its path's parts", () => {
    const found = Object.entries(document.paths).flatMap(([path, byMethod]) =>
      Object.entries(byMethod).map(([method, { operationId, parameters }]) => {
        const names = parameters
          .filter((parameter) => (parameter as { in?: string }).in === "path")
          .map((parameter) => (parameter as { name: string }).name);
        expect([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)).toEqual(names);
        return [operationId, `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ":$1")}`];
      }),
    );
    expect(Object.fromEntries(found)).toEqual(endpoints);
  });
});

describe("a route", () => {
  const thing = z
    .object({
      name: z.string(),
      get parts() {
        return z.array(thing);
      },
    })
    .meta({ id: "Thing" });
  const one = route({
    id: "runs.get",
    summary: "One",
    role: "operator",
    params: z.object({ runId: z.string().min(3) }),
    query: z.strictObject({
      limit: z.coerce.number().int().max(10).default(5),
      states: z
        .string()
        .transform((text) => text.split(","))
        .meta({ description: "Several" }),
    }),
    answer: z.object({ thing, at: z.iso.datetime(), size: z.int().default(1) }),
    handler: () => ({ thing: { name: "", parts: [] }, at: "" }),
  });
  const docs = buildDocument([one] as readonly Route[], { url: "" });
  const operation = docs.paths["/runs/{runId}"]!["get"]!;

  test("says what may be sent", () => {
    expect(operation.parameters).toEqual([
      { name: "runId", in: "path", required: true, schema: { type: "string", minLength: 3 } },
      {
        ...{ name: "limit", in: "query", required: false },
        schema: expect.objectContaining({ type: "integer", maximum: 10, default: 5 }),
      },
      {
        ...{ name: "states", in: "query", required: true },
        schema: { type: "string", description: "Several" },
      },
    ]);
    expect(operation.security).toEqual([{ token: [] }]);
    expect(operation["x-longhaul-role"]).toBe("operator");
  });

  test("says what is answered; what is shared and refers to itself is among the components", () => {
    expect(operation.responses["200"]?.content?.["application/json"]?.schema).toMatchObject({
      properties: { thing: { $ref: "#/components/schemas/Thing" } },
      required: ["thing", "at", "size"],
    });
    const validate = new DocumentSchemas(docs).at("/components/schemas/Thing");
    expect(validate({ name: "a", parts: [{ name: "b", parts: [], later: 1 }] })).toBe(true);
    expect(validate({ name: "a", parts: [{ name: 1, parts: [] }] })).toBe(false);
    const closed = buildDocument([one] as readonly Route[], { url: "", closed: true });
    const strict = new DocumentSchemas(closed).at("/components/schemas/Thing");
    expect(strict({ name: "a", parts: [{ name: "b", parts: [], later: 1 }] })).toBe(false);
  });
});

describe("is served", () => {
  test("to viewers, with the address under which it was asked for", async () => {
    const { call } = openServer({ basePath: "/ops" });
    const answer = await call("/openapi.json", { as: "the-viewer" });
    expect(answer.status).toBe(200);
    const served = (await answer.json()) as OpenApiDocument;
    expect(served.servers).toEqual([{ url: "/ops/api/v1" }]);
    expect(Object.keys(served.paths)).toEqual(Object.keys(document.paths));
    expect((await call("/openapi.json", { as: null })).status).toBe(401);
  });

  test("to everybody with publicDocs, and nothing else is", async () => {
    const { call } = openServer({ publicDocs: true });
    expect((await call("/openapi.json", { as: null })).status).toBe(200);
    expect((await call("/docs", { as: null })).status).toBe(200);
    expect((await call("/runs/1", { as: null })).status).toBe(401);
  });

  test("as a page without scripts, which names every route", async () => {
    const { call } = openServer();
    const answer = await call("/docs");
    const nonce = /style-src 'nonce-([^']+)'/.exec(
      answer.headers.get("content-security-policy")!,
    )![1]!;
    const page = await answer.text();
    expect(page).toContain(`<style nonce="${nonce}">`);
    expect(page).not.toMatch(/<script|https?:/);
    for (const { id } of routes) expect(page).toContain(`id="${id}"`);
  });
});
