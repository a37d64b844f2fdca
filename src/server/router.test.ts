import { describe, expect, test } from "vitest";
import { z } from "zod";
import { openServer, requestOf } from "../../test/server/kit.ts";
import { ADDRESS, openRouter } from "../../test/server/one-route.ts";
import { LonghaulError } from "../core/errors.ts";
import type { Problem } from "./problem.ts";
import type { RouteInput } from "./route.ts";

const problemIn = async (answer: Response): Promise<Problem> => (await answer.json()) as Problem;

describe("what does not fit", () => {
  const body = z.strictObject({
    name: z.string(),
    "a/b~c": z.array(z.strictObject({ size: z.int() })).optional(),
  });
  const query = z.strictObject({ limit: z.coerce.number().int().max(10).optional() });

  test("is told in full, with a JSON pointer to each place", async () => {
    const { fetch } = openRouter({ method: "POST", body, query });
    const answer = await fetch({ body: {} }, `${ADDRESS}?limit=11&other=1`);
    expect(answer.status).toBe(422);
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
    const problem = await problemIn(answer);
    expect(problem).toMatchObject({ status: 422, code: "SERVER_INVALID_REQUEST" });
    const pointers = problem.errors?.map(({ pointer }) => pointer);
    expect(pointers).toEqual(["#/query/limit", "#/query/other", "#/name"]);
  });

  test("is pointed at through names with slashes, tildes and halves of characters", async () => {
    const { fetch } = openRouter({ method: "POST", body });
    const value = { "a/b~c": [{ size: 1 }, { size: "2", "\ud800": 1 }] };
    const { errors } = await problemIn(await fetch({ body: value }));
    expect(errors).toEqual([
      { pointer: "#/name", detail: expect.any(String) },
      { pointer: "#/a~1b~0c/1/size", detail: expect.any(String) },
      { pointer: "#/a~1b~0c/1/%EF%BF%BD", detail: "There is no such field here" },
    ]);
  });

  test("a route that takes nothing refuses a query and a body, but not an empty object", async () => {
    const { fetch } = openRouter({ method: "POST" });
    expect((await fetch()).status).toBe(200);
    expect((await fetch({ body: {} })).status).toBe(200);
    expect((await fetch({ body: { a: 1 } })).status).toBe(422);
    expect((await fetch({ body: [] })).status).toBe(422);
    const { errors } = await problemIn(await fetch({}, `${ADDRESS}?a=1`));
    expect(errors).toEqual([{ pointer: "#/query/a", detail: "There is no such field here" }]);
  });

  const anything = { method: "POST", body: z.unknown() };

  test.each([
    ["no JSON", "{", {}, 400, "SERVER_BAD_JSON"],
    ["another type", "a=1", { "content-type": "text/plain" }, 415, "SERVER_UNSUPPORTED_TYPE"],
    ["too large", JSON.stringify("x".repeat(1_000)), {}, 413, "SERVER_BODY_TOO_LARGE"],
    ["so deep that the stack would overflow", "[".repeat(900), {}, 400, "SERVER_BAD_JSON"],
  ])("%s", async (_, text, headers, status, code) => {
    const answer = await openRouter(anything).fetch({ body: text, headers });
    expect(answer.status).toBe(status);
    expect((await problemIn(answer)).code).toBe(code);
  });

  test("brackets inside of a string have no depth", async () => {
    const { fetch } = openRouter(anything);
    expect((await fetch({ body: JSON.stringify(`"\\${"[".repeat(900)}`) })).status).toBe(200);
  });
});

describe("methods", () => {
  test("HEAD answers as GET does, without a body", async () => {
    const { fetch } = openRouter({});
    const answer = await fetch({ method: "HEAD" });
    expect(answer.status).toBe(200);
    expect(answer.headers.get("etag")).toMatch(/^".+"$/);
    expect(await answer.text()).toBe("");
  });

  test("OPTIONS says which there are, and so does the refusal of another", async () => {
    const { fetch } = openRouter({});
    const options = await fetch({ method: "OPTIONS" });
    expect(options.status).toBe(204);
    expect(options.headers.get("allow")).toBe("GET, HEAD, OPTIONS");
    const refused = await fetch({ method: "DELETE" });
    expect(refused.status).toBe(405);
    expect(refused.headers.get("allow")).toBe("GET, HEAD, OPTIONS");
    expect((await problemIn(refused)).code).toBe("SERVER_METHOD_NOT_ALLOWED");
    const nowhere = await fetch({ method: "DELETE" }, "http://localhost/thing/1");
    expect(nowhere.status).toBe(404);
  });
});

describe("errors", () => {
  test("of the catalogue keep their status; what passes by itself says when to come back", async () => {
    const { fetch, errors } = openRouter({
      handler: () => {
        throw new LonghaulError("STORE_BUSY_TIMEOUT");
      },
    });
    const answer = await fetch();
    expect(answer.status).toBe(503);
    expect(answer.headers.get("retry-after")).toBe("1");
    expect(errors).toEqual([]);
  });

  test("that nobody foresaw are reported, and nothing of them is told", async () => {
    const broken = new Error("password=hunter2");
    const { fetch, errors } = openRouter({
      handler: () => {
        throw broken;
      },
    });
    const answer = await fetch();
    expect(answer.status).toBe(500);
    const text = await answer.text();
    expect(text).toContain("SERVER_INTERNAL");
    expect(text).not.toContain("hunter2");
    expect(errors).toEqual([broken]);
  });

  test("a handler that stops waiting because the server closes answers 503, and nothing is reported", async () => {
    const { fetch, errors, closing } = openRouter({
      handler: ({ signal }: RouteInput<unknown, unknown, unknown>) =>
        new Promise((_, reject) =>
          signal.addEventListener("abort", () => reject(signal.reason as Error)),
        ),
    });
    const answer = fetch();
    await new Promise(setImmediate);
    closing.abort();
    expect((await answer).status).toBe(503);
    expect(errors).toEqual([]);
  });
});

test("a server that is closed answers 503, and opens nothing again", async () => {
  const { server, call } = openServer();
  await server.close();
  const answer = await call("/jobs/mail/1");
  expect([answer.status, (await problemIn(answer)).code]).toEqual([503, "SERVER_CLOSING"]);
  expect(answer.headers.get("retry-after")).toBe("1");
});

describe("who may", () => {
  test("is asked before what was sent is read", async () => {
    const { fetch } = openRouter({ method: "POST", role: "operator", body: z.string() });
    const status = async (as: string | null) => (await fetch({ body: "{", as })).status;
    expect(await status(null)).toBe(401);
    expect(await status("the-viewer")).toBe(403);
    expect(await status("the-guest")).toBe(403);
    expect(await status("the-operator")).toBe(400);
  });

  test("scopes that suffice are asked of the parameters", async () => {
    const scopes = ({ params }: RouteInput<unknown, unknown, unknown>) => [
      `read:run:${(params as { id: string }).id}`,
    ];
    const { fetch } = openRouter({ scopes });
    expect((await fetch({ as: "the-guest" })).status).toBe(403);
    expect((await fetch({ as: "the-guest" }, "http://localhost/things/none")).status).toBe(200);
  });
});

describe("every answer", () => {
  test("protects whoever gets it, and has an id", async () => {
    const { fetch } = openRouter({});
    const answer = await fetch({ headers: { "x-request-id": "proxy-7" } });
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      "cache-control": "no-store",
      "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
      "referrer-policy": "no-referrer",
      "x-content-type-options": "nosniff",
      "x-request-id": "proxy-7",
    });
    const other = await fetch(
      { headers: { "x-request-id": "<script>" } },
      "http://localhost/nothing",
    );
    expect(other.headers.get("x-request-id")).toMatch(/^[\da-f-]{36}$/);
  });

  test("keeps the headers that the handler set", async () => {
    const { fetch } = openRouter({
      handler: () => new Response("<p>", { headers: { "content-security-policy": "x" } }),
    });
    const answer = await fetch();
    expect(answer.headers.get("content-security-policy")).toBe("x");
  });

  test("to a GET has an ETag, and is empty for who has it already", async () => {
    let version = 1;
    const { fetch } = openRouter({ handler: () => ({ version }) });
    const first = await fetch();
    const etag = first.headers.get("etag")!;
    const again = (tag: string) => fetch({ headers: { "if-none-match": tag } });
    expect((await again(`"x", W/${etag}`)).status).toBe(304);
    expect((await again('"x"')).status).toBe(200);
    version = 2;
    expect((await again(etag)).status).toBe(200);
  });
});

test("a server below a path answers there and nowhere else", async () => {
  const { server, call } = openServer({ basePath: "/ops/jobs" });
  expect((await call("/healthz")).status).toBe(200);
  for (const url of ["/api/v1/healthz", "/ops/jobs", "/ops/jobs/api/v1", "/ops/jobsapi/v1/healthz"])
    expect((await server.fetch(requestOf(`http://localhost${url}`))).status).toBe(404);
  const mounted = await server.fetch(requestOf("http://localhost/elsewhere"), {
    path: "/api/v1/healthz",
  });
  expect(mounted.status).toBe(200);
  for (const basePath of ["jobs", "/jobs/", "/", "/a?b"])
    expect(() => openServer({ basePath })).toThrow("basePath is");
});
