import {
  createServer as createHttpServer,
  request as httpRequest,
  type RequestListener,
} from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import express from "express";
import fastify, { type FastifyInstance } from "fastify";
import { Hono } from "hono";
import { afterEach, expect, test, vi } from "vitest";
import { InngestKit, MemoryLogger, silent } from "../../../test/support/inngest-kit.ts";
import { serve as serveExpress } from "../express.ts";
import { fastifyPlugin, serve as serveFastify } from "../fastify.ts";
import { serve as serveHono } from "../hono.ts";
import { cron, Inngest, Middleware } from "../index.ts";
import { serve as serveNext } from "../next.ts";
import { createServer, serve as serveNode } from "../node.ts";
import { MAX_BODY_BYTES } from "./handler.ts";

const KEY = "the-event-key";
const closing: (() => Promise<void>)[] = [];

afterEach(async () => {
  vi.unstubAllEnvs();
  for (const close of closing.splice(0)) await close();
});

const makeApp = (options: object = {}) => {
  const client = new Inngest({ id: "app", logger: silent, isDev: false, ...options });
  const fn = client.createFunction(
    { id: "f", name: "Eff", retries: 2 },
    { event: "go" },
    ({ event }) => event.data,
  );
  const tick = client.createFunction({ id: "tick", triggers: [cron("0 0 1 1 *")] }, () => 1);
  return { client, functions: [fn, tick] };
};

async function listen(listener: RequestListener): Promise<string> {
  const server = createHttpServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/inngest`;
}

const post = (body: unknown, headers: Record<string, string> = {}): RequestInit => ({
  method: "POST",
  headers: { "content-type": "application/json", ...headers },
  body: typeof body === "string" ? body : JSON.stringify(body),
});
const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

/** Each framework as a function from a request to an answer. */
const frameworks: Record<
  string,
  (app: ReturnType<typeof makeApp>) => Promise<(init?: RequestInit) => Promise<Response>>
> = {
  async node(app) {
    const url = await listen(serveNode(app));
    return (init) => fetch(url, init);
  },
  async express(app) {
    const url = await listen(express().use("/api/inngest", serveExpress(app)) as RequestListener);
    return (init) => fetch(url, init);
  },
  async "express with express.json()"(app) {
    const server = express().use(express.json()).use("/api/inngest", serveExpress(app));
    const url = await listen(server as RequestListener);
    return (init) => fetch(url, init);
  },
  async hono(app) {
    const server = new Hono().on(["GET", "PUT", "POST"], "/api/inngest", serveHono(app));
    const listener = getRequestListener(server.fetch, { overrideGlobalObjects: false });
    const url = await listen((request, response) => void listener(request, response));
    return (init) => fetch(url, init);
  },
  async next(app) {
    const handlers = serveNext(app);
    return (init) => {
      const method = (init?.method ?? "GET") as "GET" | "POST" | "PUT";
      return (handlers[method] ?? handlers)(new Request("http://localhost/api/inngest", init), {
        params: Promise.resolve({}),
      });
    };
  },
  async "next, pages router"(app) {
    const handler = serveNext(app);
    const url = await listen((request, response) => void handler(request as never, response));
    return (init) => fetch(url, init);
  },
  async fastify(app) {
    const server = fastify();
    server.route({
      method: ["GET", "PUT", "POST"],
      url: "/api/inngest",
      handler: serveFastify(app),
    });
    return startFastify(server, "/api/inngest");
  },
  async "fastify's plugin"(app) {
    const server = fastify();
    await server.register(fastifyPlugin, { ...app, options: { servePath: "/jobs" } });
    return startFastify(server, "/jobs");
  },
};

async function startFastify(server: FastifyInstance, path: string) {
  const url = (await server.listen({ host: "127.0.0.1", port: 0 })) + path;
  closing.push(() => server.close());
  return (init?: RequestInit) => fetch(url, init);
}

test.each(Object.keys(frameworks))("%s: registers, describes, takes events", async (name) => {
  const app = makeApp({ eventKey: KEY });
  await using kit = await InngestKit.start(app.functions);
  const call = await frameworks[name]!(app);

  const description = await call();
  expect(description.status).toBe(200);
  expect(await description.json()).toMatchObject({
    function_count: 2,
    has_event_key: true,
    has_signing_key: false,
    mode: "cloud",
    schema_version: "2024-05-24",
  });
  const put = await call({ method: "PUT" });
  expect([put.status, await put.json()]).toEqual([
    200,
    { message: "Successfully registered", modified: false },
  ]);

  const refused = await call(post({ name: "go" }));
  expect([refused.status, await refused.json()]).toMatchObject([
    401,
    { code: "INNGEST_EVENT_KEY", ids: [] },
  ]);
  const one = await call(post({ name: "go", data: { n: 1 } }, bearer(KEY)));
  expect([one.status, one.headers.get("content-type")]).toEqual([
    200,
    expect.stringMatching(/^application\/json\b/),
  ]);
  expect(await one.json()).toEqual({ ids: [expect.any(String)], status: 200 });
  const two = await call(post([{ name: "go", data: { n: 2 } }, { name: "x" }], bearer(KEY)));
  expect(((await two.json()) as { ids: string[] }).ids).toHaveLength(2);
  const outputs = (await kit.runs("app-f")).map(({ output }) => output);
  expect(outputs).toEqual(['{"n":1}', '{"n":2}']);

  // Routers that are told the methods answer for the others themselves.
  expect([404, 405]).toContain((await call({ method: "DELETE" })).status);
});

test("GET shows the functions to those who have a key", async () => {
  const app = makeApp({
    eventKey: KEY,
    signingKey: "signkey-new",
    signingKeyFallback: "signkey-old",
    appVersion: "7",
  });
  await using _kit = await InngestKit.start(app.functions);
  const url = await listen(
    serveNode({
      ...app,
      servePath: "/x",
      serveOrigin: "https://example.org",
      signingKey: "of-serve",
    }),
  );
  const get = async (key: string): Promise<Record<string, unknown>> =>
    (await (await fetch(url, { headers: bearer(key) })).json()) as never;
  expect(await get("wrong")).not.toHaveProperty("functions");
  for (const key of [KEY, "signkey-new", "signkey-old", "of-serve"])
    expect(await get(key)).toMatchObject({
      authentication_succeeded: true,
      app_id: "app",
      app_version: "7",
      framework: "nodejs",
      serve_origin: "https://example.org",
      serve_path: "/x",
      functions: [
        {
          id: "app-f",
          name: "Eff",
          triggers: [{ event: "go" }],
          retries: 2,
          has_on_failure: false,
        },
        { id: "app-tick", triggers: [{ cron: "0 0 1 1 *" }] },
      ],
    });
});

test("POST: the key may also be in a header of its own, or in the path", async () => {
  const app = makeApp({ eventKey: "ke/y" });
  await using _kit = await InngestKit.start(app.functions);
  const url = await listen(serveNode(app));
  const status = async (path: string, headers: Record<string, string> = {}): Promise<number> =>
    (await fetch(url + path, post({ name: "go" }, headers))).status;
  expect(await status("", { "x-inngest-event-key": "ke/y" })).toBe(200);
  expect(await status("/e/ke%2Fy")).toBe(200);
  expect(await status("/e/%")).toBe(401);
  expect(await status("/e/other")).toBe(401);
});

test("without a key nobody sends, unless this is a developer's machine and the caller is on it", async () => {
  const closed = makeApp({ eventKey: "" });
  const open = makeApp({ isDev: true });
  await using _kit = await InngestKit.start([...closed.functions, ...open.functions]);
  const [closedUrl, url] = [await listen(serveNode(closed)), await listen(serveNode(open))];
  const send = async (to: string, headers: Record<string, string> = {}) => {
    const response = await new Promise<{ statusCode?: number | undefined }>((resolve, reject) => {
      const request = httpRequest(
        to,
        { method: "POST", headers: { "content-type": "application/json", ...headers } },
        (response) => {
          response.resume();
          resolve(response);
        },
      );
      request.on("error", reject).end('{"name":"go"}');
    });
    return response.statusCode;
  };
  expect(await send(closedUrl)).toBe(401);
  expect(await send(closedUrl, bearer(""))).toBe(401);
  expect(await send(url)).toBe(200);
  expect(await send(url, { host: "localhost:3000", origin: "http://localhost:5173" })).toBe(200);
  // A page of a stranger, a name that was made to point here, a proxy that passes strangers on.
  expect(await send(url, { origin: "https://evil.example" })).toBe(401);
  expect(await send(url, { origin: "null" })).toBe(401);
  expect(await send(url, { host: "evil.example" })).toBe(401);
  expect(await send(url, { "x-forwarded-for": "10.0.0.1" })).toBe(401);
  // Next does not say who is asking.
  const unknown = await serveNext(open).POST(
    new Request("http://localhost/api", post({ name: "go" })),
  );
  expect(unknown.status).toBe(401);
  const local = await (await fetch(url)).json();
  expect(local).toMatchObject({ mode: "dev", functions: [{ id: "app-f" }, {}] });
});

test.each([
  ["malformed JSON", "{", {}, 400, "INNGEST_BAD_REQUEST"],
  ["no JSON", "", {}, 400, "INNGEST_BAD_REQUEST"],
  ["no object", "null", {}, 400, "INNGEST_BAD_EVENT"],
  ["an event without a name", { name: "" }, {}, 400, "INNGEST_BAD_EVENT"],
  ["an event of the engine's", { name: "inngest/x" }, {}, 400, "INNGEST_BAD_EVENT"],
  ["an empty list", [], {}, 200, undefined],
  ["another type", { name: "go" }, { "content-type": "text/plain" }, 400, "INNGEST_BAD_REQUEST"],
  [
    "too many events",
    Array.from({ length: 5_001 }, () => ({ name: "go" })),
    {},
    400,
    "INNGEST_BAD_REQUEST",
  ],
  ["too large a body", "x".repeat(MAX_BODY_BYTES + 1), {}, 413, "INNGEST_BODY_TOO_LARGE"],
])("POST of %s", async (_title, body, headers, status, code) => {
  const app = makeApp({ eventKey: KEY });
  await using _kit = await InngestKit.start(app.functions);
  for (const name of ["node", "hono", "next"]) {
    const call = await frameworks[name]!(app);
    const response = await call(post(body, { ...bearer(KEY), ...headers }));
    expect([name, response.status]).toEqual([name, status]);
    expect(((await response.json()) as { code?: string }).code).toBe(code);
  }
});

test("a body without a length is stopped when it has become too large", async () => {
  const app = makeApp({ eventKey: KEY });
  await using _kit = await InngestKit.start(app.functions);
  const endless = (): ReadableStream =>
    new ReadableStream({
      pull: (controller) => controller.enqueue(Buffer.alloc(1024 * 1024, 32)),
    });
  for (const name of ["node", "hono"]) {
    const call = await frameworks[name]!(app);
    const init = { ...post(""), body: endless(), duplex: "half" } as RequestInit;
    init.headers = { "content-type": "application/json", ...bearer(KEY) };
    expect((await call(init)).status).toBe(413);
  }
});

test("calls by Inngest's server are answered with what to do instead", async () => {
  const app = makeApp({ eventKey: KEY });
  await using _kit = await InngestKit.start(app.functions);
  const url = await listen(serveNode(app));
  const response = await fetch(`${url}?fnId=app-f&stepId=step`, post({}));
  expect([response.status, await response.json()]).toMatchObject([
    501,
    { code: "INNGEST_UNSUPPORTED" },
  ]);
});

test("what goes wrong inside is not told outside", async () => {
  class Breaks extends Middleware.BaseMiddleware {
    readonly id = "breaks";
    override transformSendEvent(): never {
      throw new Error("password=hunter2");
    }
  }
  const logger = new MemoryLogger();
  const app = makeApp({ eventKey: KEY, middleware: [Breaks], internalLogger: logger });
  await using _kit = await InngestKit.start(app.functions);
  const url = await listen(createServer(app).listeners("request")[0] as RequestListener);
  const response = await fetch(url, post({ name: "go" }, bearer(KEY)));
  expect(response.status).toBe(500);
  expect(await response.text()).not.toContain("hunter2");
  expect(
    String(logger.lines.map(([, fields]) => (fields as { err: Error }).err.message)),
  ).toContain("hunter2");
});

test.each([
  [{ client: {} }, "client"],
  [{ functions: {} }, "functions"],
  [{ functions: [{}] }, "functions"],
  [{ baseUrl: "http://localhost:8288" }, "baseUrl"],
  [{ fetch }, "fetch"],
  [{ streaming: "sometimes" }, "streaming"],
  [{ logLevel: "loud" }, "logLevel"],
  [{ servePath: 5 }, "servePath"],
  [{ handler: 5 }, "handler"],
])("serve(%j) is refused", (options, option) => {
  expect(() => serveNode({ ...makeApp(), ...options } as never)).toThrow(
    expect.objectContaining({
      code: "INNGEST_BAD_SERVE_OPTION",
      message: expect.stringContaining(option),
    }),
  );
});

test("options of v3 and v4 that only matter to a server are taken", async () => {
  const app = makeApp();
  await using _kit = await InngestKit.start(app.functions);
  expect(() =>
    serveNode({
      ...app,
      streaming: "allow",
      serveHost: "https://a.example",
      enableUnauthedSync: true,
      logLevel: "silent",
    }),
  ).not.toThrow();
});

test("fastifyPlugin tells what is wrong", async () => {
  const app = { ...makeApp(), functions: {} as never };
  await expect(fastify().register(fastifyPlugin, app).ready()).rejects.toMatchObject({
    code: "INNGEST_BAD_SERVE_OPTION",
  });
});

test("a request line that is no URL is answered, and the server goes on", async () => {
  const app = makeApp();
  await using _kit = await InngestKit.start(app.functions);
  const url = new URL(await listen(serveNode(app)));
  for (const path of ["//", "/%", "http://[", "*"]) {
    const status = await new Promise((resolve, reject) => {
      const request = httpRequest({ host: url.hostname, port: url.port, path, method: "PATCH" });
      request.on("response", (response) => resolve(response.resume().statusCode));
      request.on("error", reject).end();
    });
    expect([path, status]).toEqual([path, 405]);
  }
});

test("a sender that goes away before the end of its body stores nothing", async () => {
  const app = makeApp({ eventKey: KEY });
  await using kit = await InngestKit.start(app.functions);
  const served = new Promise<void>((resolve) => {
    void listen((request, response) => {
      request.on("close", resolve);
      serveNode(app)(request, response);
    }).then((url) => {
      const headers = { "content-type": "application/json", ...bearer(KEY) };
      const request = httpRequest(url, {
        method: "POST",
        headers: { ...headers, "content-length": 99 },
      });
      request.on("error", () => {});
      request.write('{"name":"go"}', () => request.destroy());
    });
  });
  await served;
  expect(await kit.runs("app-f")).toEqual([]);
});
