import { once } from "node:events";
import { createServer as createHttpServer, type IncomingMessage, request } from "node:http";
import type { AddressInfo } from "node:net";
import express from "express";
import { fastify } from "fastify";
import { describe, expect, onTestFinished, test } from "vitest";
import type { LonghaulServer } from "../../src/server/create-server.ts";
import { longhaulExpress } from "../../src/server/mounts/express.ts";
import { longhaulFastify } from "../../src/server/mounts/fastify.ts";
import { longhaulNext } from "../../src/server/mounts/next.ts";
import { serve, toNodeListener } from "../../src/server/mounts/node.ts";
import { openServer } from "./kit.ts";

/** A server with a stream, and what was seen of the requests for it. */
function openStreaming(basePath = "") {
  const { server, call } = openServer({ basePath });
  const seen: { addresses: (string | undefined)[]; urls: string[] } = { addresses: [], urls: [] };
  let tellAborted: () => void = () => {};
  const aborted = new Promise<void>((resolve) => (tellAborted = resolve));
  const streaming: LonghaulServer = {
    ...server,
    fetch: (given, info = {}) => {
      seen.addresses.push(info.remoteAddress);
      seen.urls.push(given.url);
      if (!given.url.endsWith("/test-stream")) return server.fetch(given, info);
      given.signal.addEventListener("abort", tellAborted);
      const body = new ReadableStream({
        start: (controller) => controller.enqueue(new TextEncoder().encode("data: 1\n\n")),
        pull: () => new Promise(() => {}),
      });
      const headers = { "content-type": "text/event-stream" };
      return Promise.resolve(new Response(body, { headers }));
    },
  };
  return { server: streaming, seen, aborted, call };
}

async function listenHttp(listener: Parameters<typeof createHttpServer>[1]): Promise<string> {
  const http = createHttpServer(listener).listen(0, "127.0.0.1");
  onTestFinished(() => {
    http.closeAllConnections();
    http.close();
  });
  await once(http, "listening");
  return `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
}

/** Each mount, as a function that resolves with the address that it is at. */
const mounts: Readonly<Record<string, (server: LonghaulServer) => Promise<string>>> = {
  "node:http": (server) => listenHttp(toNodeListener(server)),
  "express, with parsers before it": (server) => {
    const app = express();
    app.use(express.json(), express.urlencoded({ extended: true }), express.text());
    app.use("/ops/jobs", longhaulExpress(server));
    return listenHttp(app).then((url) => `${url}/ops/jobs`);
  },
  "express, without parsers": (server) => {
    const app = express();
    app.use("/ops/jobs", longhaulExpress(server));
    return listenHttp(app).then((url) => `${url}/ops/jobs`);
  },
  fastify: async (server) => {
    const app = fastify();
    await app.register(
      async (scope) => {
        await scope.register(longhaulFastify(server), { prefix: "/jobs" });
      },
      { prefix: "/ops" },
    );
    onTestFinished(() => app.close());
    return `${await app.listen({ port: 0, host: "127.0.0.1" })}/ops/jobs`;
  },
};

describe.each(Object.entries(mounts))("%s", (_, mount) => {
  const auth = { authorization: "Bearer the-admin", "content-type": "application/json" };

  test("answers below its path, and knows who asks from where", async () => {
    const { server, seen } = openStreaming();
    const url = await mount(server);
    const health = await fetch(`${url}/api/v1/healthz?`);
    expect([health.status, await health.json()]).toEqual([200, { ok: true }]);
    expect(seen.addresses).toEqual(["127.0.0.1"]);
    expect(new URL(seen.urls[0]!).href.split("?")[0]).toBe(`${url}/api/v1/healthz`);
    const document = await fetch(`${url}/api/v1/openapi.json`, { headers: auth });
    const { servers } = (await document.json()) as { servers: unknown };
    expect(servers).toEqual([{ url: `${new URL(url).pathname.replace(/\/$/, "")}/api/v1` }]);
  });

  test("what is elsewhere is a problem document", async () => {
    const url = await mount(openStreaming().server);
    for (const path of ["", "/", "/healthz", "/api/v1", "/api/v1/nothing"]) {
      const answer = await fetch(`${url}${path}`);
      expect([path, answer.status, answer.headers.get("content-type")]).toEqual([
        path,
        404,
        "application/problem+json",
      ]);
    }
  });

  test("takes bodies, and the refusal of a body arrives", async () => {
    const url = await mount(openStreaming().server);
    const post = (body: string) =>
      fetch(`${url}/api/v1/events`, { method: "POST", headers: auth, body });
    const sent = await post(JSON.stringify({ name: "größe", data: { text: "é".repeat(40_000) } }));
    expect(sent.status).toBe(201);
    expect((await post("[1]")).status).toBe(422);
  });

  test("streams from the first byte on, and says when the client is gone", async () => {
    const { server, aborted } = openStreaming();
    const url = await mount(server);
    const outgoing = request(`${url}/api/v1/test-stream`).end();
    const [incoming] = (await once(outgoing, "response")) as [IncomingMessage];
    const [chunk] = (await once(incoming, "data")) as [Buffer];
    expect(chunk.toString()).toBe("data: 1\n\n");
    outgoing.destroy();
    await aborted;
  });
});

test("express: what is mounted at the root answers there", async () => {
  const app = express();
  app.use(longhaulExpress(openStreaming().server));
  const url = await listenHttp(app);
  expect((await fetch(`${url}/api/v1/healthz`)).status).toBe(200);
});

test("fastify closes although a client follows a stream", async () => {
  const app = fastify();
  const { server } = openServer();
  await app.register(longhaulFastify(server));
  const url = await app.listen({ port: 0, host: "127.0.0.1" });
  const stream = await fetch(`${url}/api/v1/stream?topics=stats`, {
    headers: { authorization: "Bearer the-admin" },
  });
  expect(stream.status).toBe(200);
  await app.close();
  await stream.text();
});

describe("next", () => {
  const handle = (server: LonghaulServer | (() => LonghaulServer), path: string, under: string) => {
    const { GET } = longhaulNext(server);
    const parts = path.split("/").filter(Boolean);
    const params = Promise.resolve(parts.length > 0 ? { all: parts } : {});
    return GET(new Request(`http://localhost${under}${path}`), { params });
  };

  test("takes the path from the catch-all, whatever is before it", async () => {
    const { server } = openServer();
    expect((await handle(server, "/api/v1/healthz", "/a/b")).status).toBe(200);
    expect((await handle(server, "/api/v1/healthz", "")).status).toBe(200);
    expect((await handle(server, "", "/a")).status).toBe(404);
  });

  test("makes the server with the first request, and again if that failed", async () => {
    const { server } = openServer();
    let tries = 0;
    const { GET } = longhaulNext(() => {
      if (++tries === 1) throw new Error("the store is locked");
      return server;
    });
    const ask = () =>
      GET(new Request("http://localhost/api/v1/healthz"), {
        params: Promise.resolve({ path: ["api", "v1", "healthz"] }),
      });
    await expect(ask()).rejects.toThrow("the store is locked");
    expect((await ask()).status).toBe(200);
    await ask();
    expect(tries).toBe(2);
  });
});

describe("serve", () => {
  test("says where it listens, and refuses what is no request", async () => {
    const served = await serve(openServer().server, { port: 0 });
    onTestFinished(() => served.close());
    expect(served.url).toBe(`http://127.0.0.1:${served.port}`);
    expect((await fetch(`${served.url}/api/v1/healthz`)).status).toBe(200);
    expect((await fetch(`${served.url}/api/v1/runs/%zz`)).status).toBe(401);
    const outgoing = request(served.url, { headers: { host: "a b" } }).end();
    const [incoming] = (await once(outgoing, "response")) as [IncomingMessage];
    expect(incoming.statusCode).toBe(400);
    expect(incoming.headers["content-type"]).toBe("application/problem+json");
    incoming.resume();
    await expect(serve(openServer().server, { port: served.port })).rejects.toMatchObject({
      code: "EADDRINUSE",
    });
  });

  test("closes: what is under way is answered, streams end, idle connections go", async () => {
    const { server } = openServer();
    const served = await serve(server, { port: 0 });
    const auth = { authorization: "Bearer the-admin" };
    const stream = await fetch(`${served.url}/api/v1/stream?topics=stats`, { headers: auth });
    await served.close();
    await stream.text();
    await served.close();
    await expect(fetch(served.url)).rejects.toThrow("fetch failed");
  });

  test("cuts connections after the grace period", async () => {
    // Its stream never ends.
    const { server, aborted } = openStreaming();
    const served = await serve(server, { port: 0 });
    const stream = await fetch(`${served.url}/api/v1/test-stream`);
    await served.close({ graceMs: 1 });
    await expect(stream.text()).rejects.toThrow("terminated");
    await aborted;
  });
});
