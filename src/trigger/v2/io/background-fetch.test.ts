import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { startJob } from "../../../../test/support/trigger-v2.ts";
import { redactString } from "../index.ts";
import { fitsStatus } from "./request.ts";

type Answer = (request: IncomingMessage, response: ServerResponse, body: string) => void;

/** A server that gives these answers, one a request, the last again and again. */
async function listen(...answers: Answer[]): Promise<{ url: string; requests: string[] }> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      requests.push(`${request.method} ${request.url} ${body}`.trim());
      answers[Math.min(requests.length, answers.length) - 1]!(request, response, body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/it`, requests };
}

const json =
  (status: number, data: unknown, headers: Record<string, string> = {}): Answer =>
  (_request, response) => {
    response.writeHead(status, { "content-type": "application/json", ...headers });
    response.end(JSON.stringify(data));
  };

const steady = { minTimeoutInMs: 1_000, factor: 1, randomize: false };

test("a request is made once, and its answer is JSON, or text", async () => {
  const { url, requests } = await listen(json(200, { n: 1 }), (_request, response) =>
    response.end("plain"),
  );
  const { finish } = await startJob(async (io) => {
    const data = await io.backgroundFetch<{ n: number }>("first", url, {
      method: "POST",
      body: "sent",
    });
    await io.wait("a minute", 60);
    const { status, data: text } = await io.backgroundFetchResponse("second", url);
    return { data, status, text };
  });
  expect((await finish()).output).toEqual({ data: { n: 1 }, status: 200, text: "plain" });
  expect(requests).toEqual(["POST /it sent", "GET /it"]);
});

test("headers may hold secrets, which the journal never sees", async () => {
  const { url } = await listen((request, response) => response.end(request.headers.authorization));
  const { finish } = await startJob(async (io) =>
    (await io.backgroundFetch<string>("secret", url, {
      headers: { Authorization: redactString`Bearer ${"abc"}!` },
    })) === "Bearer abc!"
      ? "right"
      : "wrong",
  );
  const run = await finish();
  expect(run.output).toBe("right");
});

test("without a retry, a status that is no success fails the task", async () => {
  const { url, requests } = await listen(json(503, { reason: "busy" }));
  const { finish } = await startJob(async (io) => io.backgroundFetch("fetch", url));
  const { error } = await finish();
  expect(error).toMatchObject({
    code: "TRIGGER_V2_FETCH_FAILED",
    message: `The request of fetch to ${url} failed: status 503: {"reason":"busy"}`,
  });
  expect(requests).toHaveLength(1);
});

test("backoff tries again by its formula, at statuses that fit, and bodies that do", async () => {
  const { url, requests } = await listen(
    json(500, { retry: true }),
    json(502, { retry: true }),
    json(200, "fine"),
  );
  const { finish } = await startJob(async (io) =>
    io.backgroundFetch("fetch", url, undefined, {
      retry: {
        "400-499": { strategy: "backoff", limit: 1 },
        "5xx": { strategy: "backoff", limit: 5, ...steady, bodyFilter: { retry: [true] } },
      },
    }),
  );
  const run = await finish();
  expect(run.output).toBe("fine");
  expect(requests).toHaveLength(3);
  expect(run.finishedAt! - run.startedAt!).toBe(2_000);
});

test("a body that does not fit its filter is not tried again", async () => {
  const { url, requests } = await listen(json(500, { retry: false }));
  const { finish } = await startJob(async (io) =>
    io.backgroundFetch("fetch", url, undefined, {
      retry: { "500": { strategy: "backoff", ...steady, bodyFilter: { retry: [true] } } },
    }),
  );
  expect((await finish()).state).toBe("failed");
  expect(requests).toHaveLength(1);
});

test("headers say when to try again", async () => {
  const limits = {
    strategy: "headers",
    limitHeader: "x-limit",
    remainingHeader: "X-Remaining",
  } as const;
  const reset = { resetHeader: "x-reset", resetFormat: "unix_timestamp_in_ms" } as const;
  let resetAt = 0;
  const { url, requests } = await listen(
    (request, response) =>
      json(429, {}, { "x-limit": "10", "x-remaining": "0", "x-reset": String(resetAt) })(
        request,
        response,
        "",
      ),
    json(200, "fine"),
  );
  const { finish } = await startJob(async (io, _ctx, now) => {
    resetAt = now() + 90_000;
    return io.backgroundFetch("fetch", url, undefined, {
      retry: { "429": { ...limits, ...reset } },
    });
  });
  // The request is under way: the answer is from a real server.
  const run = await finish();
  expect(run.output).toBe("fine");
  expect(requests).toHaveLength(2);
  expect(run.finishedAt! - run.startedAt!).toBe(90_000);
});

test("a limit that is not exhausted is no reason to wait", async () => {
  const { url } = await listen(
    json(429, {}, { "x-limit": "10", "x-remaining": "3", "x-reset": "99999999999" }),
  );
  const { finish } = await startJob(async (io) =>
    io.backgroundFetch("fetch", url, undefined, {
      retry: {
        "429": {
          strategy: "headers",
          limitHeader: "x-limit",
          remainingHeader: "x-remaining",
          resetHeader: "x-reset",
        },
      },
    }),
  );
  expect((await finish()).state).toBe("failed");
});

test("an answer that takes too long is given up, and tried again if there is a retry", async () => {
  const { url, requests } = await listen(() => {}, json(200, "fine"));
  const { finish } = await startJob(async (io) =>
    io.backgroundFetch("fetch", url, undefined, {
      timeout: { durationInMs: 50, retry: { limit: 2, ...steady } },
    }),
  );
  expect((await finish()).output).toBe("fine");
  expect(requests).toHaveLength(2);
});

test("no answer at all fails the task with the reason", async () => {
  const { finish } = await startJob(async (io) =>
    io.backgroundFetch("fetch", "http://127.0.0.1:1/", undefined, {
      timeout: { durationInMs: 5_000 },
    }),
  );
  expect((await finish()).error).toMatchObject({
    code: "TRIGGER_V2_FETCH_FAILED",
    message: expect.stringContaining("failed: "),
  });
});

test("a poll asks until the answer fits, and waits in between", async () => {
  const { url, requests } = await listen(
    json(404, {}),
    json(200, { state: "making" }),
    json(200, { state: "made", n: 7 }),
  );
  const { finish } = await startJob(async (io) =>
    io.backgroundPoll("poll", {
      url,
      interval: 30,
      responseFilter: { status: [200], body: { state: ["made"] } },
    }),
  );
  const run = await finish();
  expect(run.output).toEqual({ state: "made", n: 7 });
  expect(requests).toHaveLength(3);
  expect(run.finishedAt! - run.startedAt!).toBe(60_000);
});

test("a poll gives up when its time is over", async () => {
  const { url, requests } = await listen(json(200, {}));
  const { finish } = await startJob(async (io) =>
    io.backgroundPoll("poll", {
      url,
      interval: 30,
      timeout: 60,
      responseFilter: { headers: { "x-ready": [{ $exists: true }] } },
    }),
  );
  const run = await finish();
  expect(run.error).toMatchObject({ code: "TRIGGER_V2_TIMEOUT" });
  expect(requests).toHaveLength(3);
});

test.each<[string, number, boolean]>([
  ["429", 429, true],
  ["429", 430, false],
  ["500-599", 503, true],
  ["4xx", 404, true],
  ["429, 5xx", 500, true],
])("%s and %d", (pattern, status, fits) => {
  expect(fitsStatus(pattern, status)).toBe(fits);
});

test.each<[string, string, object]>([
  ["it is no URL", "nowhere", {}],
  ["it has a bad status", "http://localhost", { retry: { "6xx": { strategy: "backoff" } } }],
  ["it has a bad strategy", "http://localhost", { retry: { "429": { strategy: "hope" } } }],
  [
    "it has a bad filter",
    "http://localhost",
    { retry: { "429": { strategy: "backoff", bodyFilter: { a: 1 } } } },
  ],
  ["it has a bad timeout", "http://localhost", { timeout: { durationInMs: 0 } }],
])("a request is refused if %s", async (_reason, url, options) => {
  const { finish } = await startJob(async (io) =>
    io.backgroundFetch("fetch", url, undefined, options),
  );
  expect((await finish()).error).toMatchObject({ code: "TRIGGER_V2_BAD_CALL" });
});
