import { describe, expect, expectTypeOf, test } from "vitest";
import { openServer } from "../../test/server/kit.ts";
import { Inngest } from "../inngest/index.ts";
import { ApiError } from "./api-error.ts";
import { createClient, type ClientOptions } from "./create-client.ts";

const BASE = "http://localhost";

/** A client of a server in this process, and what it sent. */
function openClient(options: ClientOptions = {}) {
  const app = new Inngest({ id: "app" });
  const hello = app.createFunction({ id: "hello" }, { event: "hello" }, () => "hi");
  const { server, longhaul } = openServer({}, { functions: [hello] });
  const sent: Request[] = [];
  const client = createClient({
    baseUrl: BASE,
    token: "the-admin",
    fetch: (url, init) => {
      const request = new Request(url, init);
      sent.push(request.clone());
      return server.fetch(request);
    },
    ...options,
  });
  return { client, longhaul, sent };
}

/** A client of whatever answers are given, in turn. */
function clientOf(answers: readonly (Response | Error)[], options: ClientOptions = {}) {
  const sent: { url: string; init: RequestInit }[] = [];
  const client = createClient({
    baseUrl: `${BASE}/jobs/`,
    fetch: (url, init) => {
      const next = answers[sent.push({ url: url as string, init: init! }) - 1]!;
      return next instanceof Error ? Promise.reject(next) : Promise.resolve(next);
    },
    ...options,
  });
  const header = (index: number, name: string): string | null =>
    new Headers(sent[index]!.init.headers).get(name);
  return { client, sent, header };
}

const soon = (status: number, code?: string): Response =>
  Response.json({ code, status }, { status, headers: { "retry-after": "0" } });

describe("a method", () => {
  test("resolves with the answer", async () => {
    const { client } = openClient();
    expect(await client.system.health()).toEqual({ ok: true });
    const { ids } = await client.events.send({ body: { name: "hello", data: {} } });
    expect(await client.events.get({ eventId: ids[0]! })).toMatchObject({ name: "hello" });
  });

  test("puts what it is given into the path, the query and the body", async () => {
    const { client, sent } = clientOf([Response.json({}), Response.json({})]);
    await client.runs.list({ state: ["failed", "canceled"], cursor: undefined, limit: 5 });
    await client.runs.addTags({ runId: "a/b?c#d é", body: { tags: ["x"] } });
    expect(sent.map(({ url }) => url)).toEqual([
      `${BASE}/jobs/api/v1/runs?state=failed%2Ccanceled&limit=5`,
      `${BASE}/jobs/api/v1/runs/a%2Fb%3Fc%23d%20%C3%A9/tags`,
    ]);
    expect(sent[1]!.init).toMatchObject({ method: "POST", body: '{"tags":["x"]}' });
  });

  test.each([undefined, "", ".", ".."])("an id may not be %j", async (runId) => {
    const { client, sent } = clientOf([]);
    await expect(client.runs.get({ runId: runId! })).rejects.toThrow(TypeError);
    expect(sent).toEqual([]);
  });

  test("takes and gives the types of its route", () => {
    const { client } = clientOf([]);
    expectTypeOf(client.runs.get)
      .parameter(0)
      .toEqualTypeOf<{ runId: string; wait?: string | undefined }>();
    expectTypeOf(client.system.health).returns.resolves.toEqualTypeOf<{ ok: true }>();
    expectTypeOf(client.jobs.stats).returns.resolves.toHaveProperty("waiting").toBeNumber();
    expectTypeOf(client.runs.list).toHaveProperty("each");
    expectTypeOf(client.runs.get).not.toHaveProperty("each");
    // @ts-expect-error -- the id is missing
    void (() => client.runs.get());
    // @ts-expect-error -- there is no such field
    void (() => client.runs.get({ runId: "1", other: 1 }));
    // @ts-expect-error -- there is no such method
    void (() => client.runs.nothing());
  });
});

describe("a refusal", () => {
  test("is an ApiError with what the problem document says", async () => {
    const { client } = openClient();
    const error = await client.runs.get({ runId: "run_none" }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({
      ...{ name: "ApiError", status: 404, code: "SERVER_NOT_FOUND" },
      ...{ hint: expect.any(String), errors: [], requestId: expect.any(String) },
      message: expect.stringContaining("run_none"),
    });
    const wrong = client.runs.list({ limit: 1_000 });
    await expect(wrong).rejects.toMatchObject({ errors: [{ pointer: "#/query/limit" }] });
  });

  test("by a proxy is told by its status", async () => {
    const { client } = clientOf([new Response("<h1>no</h1>", { status: 418 })]);
    await expect(client.system.health()).rejects.toMatchObject({ status: 418, code: "HTTP_418" });
  });
});

describe("a call that did not arrive", () => {
  test("is repeated, a POST with the same key", async () => {
    const { client, sent, header } = clientOf([
      new TypeError("fetch failed"),
      soon(503),
      Response.json({ ids: [] }),
    ]);
    await client.events.send({ body: { name: "a", data: {} } });
    expect(sent).toHaveLength(3);
    const keys = [0, 1, 2].map((index) => header(index, "idempotency-key"));
    expect(keys[0]).toMatch(/^[\da-f]{32}$/);
    expect(new Set(keys).size).toBe(1);
  });

  test("is repeated while the server still answers the try before", async () => {
    const { client, sent } = clientOf([
      soon(409, "SERVER_IDEMPOTENCY_BUSY"),
      Response.json({ ids: [] }),
    ]);
    await client.events.send({ body: { name: "a", data: {} } });
    expect(sent).toHaveLength(2);
  });

  test("is given up after the retries, and at once where it was refused for good", async () => {
    const twice = clientOf([soon(502), soon(502)], { retries: 1 });
    await expect(twice.client.system.health()).rejects.toMatchObject({ status: 502 });
    expect(twice.sent).toHaveLength(2);
    const once = clientOf([soon(409, "SERVER_STATE_CONFLICT")]);
    await expect(once.client.system.health()).rejects.toMatchObject({ status: 409 });
    const offline = clientOf([new TypeError("fetch failed")], { retries: 0 });
    await expect(offline.client.system.health()).rejects.toThrow("fetch failed");
  });

  test("ends with its signal, also while it waits for the next try", async () => {
    const abort = new AbortController();
    const late = Response.json({}, { status: 503, headers: { "retry-after": "30" } });
    const { client, sent } = clientOf([late]);
    const call = client.system.health(undefined, { signal: abort.signal });
    await expect.poll(() => sent.length).toBe(1);
    abort.abort(new Error("gone"));
    await expect(call).rejects.toThrow("gone");
    await expect(client.system.health({}, { signal: abort.signal })).rejects.toThrow("gone");
    expect(sent).toHaveLength(1);
  });
});

describe("a token", () => {
  test("is sent as the bearer's, and fetched again once when it is refused", async () => {
    const tokens = ["old", "new"];
    const { client, header } = clientOf([soon(401), Response.json({}), soon(401), soon(401)], {
      token: () => tokens.shift() ?? "newer",
    });
    await client.system.health();
    expect([header(0, "authorization"), header(1, "authorization")]).toEqual([
      "Bearer old",
      "Bearer new",
    ]);
    await expect(client.system.health()).rejects.toMatchObject({ status: 401 });
  });

  test("is not sent where there is none", async () => {
    const { client, header } = clientOf([Response.json({})]);
    await client.system.health();
    expect(header(0, "authorization")).toBeNull();
  });
});

test("lists are walked through, page by page or row by row", async () => {
  const { client, longhaul } = openClient();
  await longhaul.send(Array.from({ length: 5 }, () => ({ name: "hello", data: {} })));
  const sizes: number[] = [];
  for await (const { data } of client.runs.list.pages({ limit: 2 })) sizes.push(data.length);
  expect(sizes).toEqual([2, 2, 1]);
  const ids = new Set<string>();
  for await (const run of client.runs.list.each({ limit: 2 })) ids.add(run.id);
  expect(ids.size).toBe(5);
});
