import { describe, expect, test } from "vitest";
import type { AnyInput } from "../../src/client/address.ts";
import { endpoints, type EndpointId } from "../../src/client/endpoints/index.ts";
import { partsOf } from "../../src/runtime/parts.ts";
import { buildDocument } from "../../src/server/openapi/document.ts";
import { splitEndpoint } from "../../src/server/methods.ts";
import { isAllowed } from "../../src/server/principal.ts";
import type { Route } from "../../src/server/route.ts";
import { routes as allRoutes } from "../../src/server/routes/index.ts";
import { contract } from "./contract-table.ts";
import { DocumentSchemas, pointerTo } from "./openapi-check.ts";
import { openWorld } from "./world.ts";

const routes: readonly Route[] = allRoutes;
// Closed: an answer may have no field that the document does not name.
const document = buildDocument(routes, { url: "", closed: true });
const schemas = new DocumentSchemas(document);
const ids = Object.keys(endpoints) as EndpointId[];
const routeOf = (id: EndpointId): Route => routes.find((route) => route.id === id)!;
const isWrite = (id: EndpointId): boolean => !endpoints[id].startsWith("GET ");

/** What of an answer differs from what the document says of its route. */
async function differences(id: EndpointId, answer: Response): Promise<unknown[]> {
  const { method, path } = splitEndpoint(endpoints[id]);
  const place = ["paths", path.replaceAll(/:(\w+)/g, "{$1}"), method.toLowerCase(), "responses"];
  const { status = 200, contentType = "application/json" } = routeOf(id);
  if (!answer.ok) return [answer.status, await answer.text()];
  const type = answer.headers.get("content-type")?.split(";")[0];
  if (answer.status === 204) return status === 204 && type === undefined ? [] : [status, type];
  if (type !== contentType.split(";")[0]) return [type];
  if (contentType !== "application/json") {
    await answer.body?.cancel();
    return [];
  }
  const json: unknown = await answer.json();
  const schema = pointerTo(...place, String(status), "content", contentType, "schema");
  const validate = schemas.at(schema);
  return validate(json) ? [] : validate.errors!;
}

/** Checks that an answer is a problem document. */
async function problemIn(answer: Response): Promise<{ status: number; code: string }> {
  expect(answer.headers.get("content-type")).toBe("application/problem+json");
  const problem = (await answer.json()) as { status: number; code: string };
  const validate = schemas.at("/components/schemas/Problem");
  validate(problem);
  expect(validate.errors ?? []).toEqual([]);
  expect(problem.status).toBe(answer.status);
  return problem;
}

test("every endpoint has a route, and what it can be asked for", () => {
  expect(routes.map(({ id }) => id).toSorted()).toEqual(ids.toSorted());
  expect(Object.keys(contract).toSorted()).toEqual(ids.toSorted());
});

test("every route answers as the document says", { timeout: 60_000 }, async () => {
  const world = await openWorld();
  const wrong: unknown[] = [];
  for (const id of ids) {
    const input = await contract[id](world);
    const found = await differences(id, await world.server.fetch(world.request(id, input)));
    if (found.length > 0) wrong.push([id, ...found]);
  }
  expect(wrong).toEqual([]);
  expect(world.errors).toEqual([]);
});

describe("without a token", () => {
  test("a route answers 401, and tells nothing of what there is", { timeout: 60_000 }, async () => {
    const world = await openWorld();
    const told = new Set<string>();
    for (const id of ids.filter((one) => routeOf(one).role !== "none")) {
      const input = await contract[id](world);
      const { hash: _, ...place } = input as Record<string, unknown>;
      const absent = Object.fromEntries(
        Object.entries(place).map(([name, value]) => [
          name,
          name === "body" ? {} : `${String(value)}-no`,
        ]),
      );
      for (const asked of [input, absent]) {
        const answer = await world.server.fetch(world.request(id, asked, null));
        const problem = await problemIn(answer);
        expect([id, problem.status]).toEqual([id, 401]);
        told.add(JSON.stringify(problem));
      }
    }
    expect(told.size).toBe(1);
  });

  test("so does one with a token that nobody knows", async () => {
    const world = await openWorld();
    for (const token of ["lh_sk_unknown", "x", "lh_pk_a.b.c"]) {
      const answer = await world.server.fetch(world.request("runs.list", {}, token));
      expect((await problemIn(answer)).code).toBe("SERVER_UNAUTHENTICATED");
    }
  });
});

test("who lacks the role is refused, before anything is done", { timeout: 60_000 }, async () => {
  const world = await openWorld();
  const wrong: string[] = [];
  for (const id of ids) {
    const { role } = routeOf(id);
    if (role === "none") continue;
    // What pages follow is opened by a POST as well.
    if (isWrite(id) && id !== "live.post" && role === "viewer") wrong.push(`${id} is for viewers`);
    const input = await contract[id](world);
    for (const [user, has] of [
      ["the-viewer", "viewer"],
      ["the-operator", "operator"],
    ] as const) {
      if (isAllowed({ kind: "host", name: user, role: has, scopes: [] }, role)) continue;
      const { code } = await problemIn(await world.server.fetch(world.request(id, input, user)));
      if (code !== "SERVER_FORBIDDEN") wrong.push(`${id} answers ${user} with ${code}`);
    }
  }
  expect(wrong).toEqual([]);
});

test("unknown query parameters and fields are refused", { timeout: 60_000 }, async () => {
  const world = await openWorld();
  const wrong: string[] = [];
  for (const id of ids) {
    const { body } = routeOf(id);
    const input = await contract[id](world);
    const answers: AnyInput[] = [{ ...input, surprise: 1 }];
    const isObject = typeof input["body"] === "object" && !Array.isArray(input["body"]);
    const takesAll = body?.safeParse({ surprise: [1] }).success ?? false;
    if (isObject && !takesAll) answers.push({ ...input, body: { ...input["body"]!, surprise: 1 } });
    for (const asked of answers) {
      const answer = await world.server.fetch(world.request(id, asked));
      if (answer.status !== 422) wrong.push(`${id} answers ${answer.status}`);
      await answer.body?.cancel();
    }
  }
  expect(wrong).toEqual([]);
});

test("the secret of a token is nowhere in the file, also when its request had a key", async () => {
  const world = await openWorld();
  const create = async () => {
    const request = world.request("tokens.create", { body: { name: "ci", role: "viewer" } });
    request.headers.set("idempotency-key", "key");
    return world.server.fetch(request);
  };
  const { secret } = (await (await create()).json()) as { secret: string };
  expect((await problemIn(await create())).code).toBe("SERVER_IDEMPOTENCY_SPENT");
  const { connection } = partsOf(world.longhaul).store;
  const tables = connection.sql("SELECT name FROM sqlite_master WHERE type = 'table'").all().flat();
  for (const table of tables)
    expect(
      JSON.stringify(connection.sql(`SELECT * FROM "${table as string}"`).all()),
    ).not.toContain(secret);
});
