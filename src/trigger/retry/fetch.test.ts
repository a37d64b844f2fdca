import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { TriggerKit } from "../../../test/support/trigger-kit.ts";
import { retry, task } from "../index.ts";
import { fitsFilter, includesStatus } from "./fetch-options.ts";
import { readReset } from "./reset-time.ts";

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

/** A server that answers with these statuses in turn, the last for ever, and tells its requests. */
async function serve(statuses: readonly number[], headers: Record<string, string> = {}) {
  const requests: (string | undefined)[] = [];
  server = createServer((request, response) => {
    requests.push(request.headers["x-retry-count"] as string | undefined);
    const status = statuses[Math.min(requests.length, statuses.length) - 1]!;
    response.writeHead(status, { "content-type": "application/json", ...headers });
    response.end(JSON.stringify({ error: { type: "overloaded" } }));
  });
  await new Promise<void>((resolve) => server!.listen(0, resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/`, requests };
}

/** Runs code in a task, and gives its output and how long it took by the clock. */
async function inTask(code: () => Promise<unknown>) {
  const fetcher = task({ id: "fetcher", run: code });
  await using kit = await TriggerKit.start([fetcher]);
  const from = kit.clock.now();
  const { id } = await fetcher.trigger();
  const output = await kit.output(id);
  return { output, tookMs: kit.clock.now() - from };
}

test("5xx is tried again with the default formula, and the run waits meanwhile", async () => {
  const { url, requests } = await serve([503, 500, 200]);
  const { output, tookMs } = await inTask(async () => (await retry.fetch(url)).status);
  expect(output).toBe(200);
  expect(requests).toEqual([undefined, "1", "2"]);
  expect(tookMs).toBeGreaterThanOrEqual(3_000);
  expect(tookMs).toBeLessThanOrEqual(6_000);
});

test("the last answer is given back when no tries are left", async () => {
  const { url, requests } = await serve([500]);
  const { output } = await inTask(async () => (await retry.fetch(url)).status);
  expect(output).toBe(500);
  expect(requests).toHaveLength(3);
});

test("ten tries are the most, and statuses that are not named are not tried again", async () => {
  const { url, requests } = await serve([500]);
  const many = { byStatus: { "500-504": { strategy: "backoff", maxAttempts: 50 } } } as const;
  await inTask(async () => (await retry.fetch(url, { retry: many })).status);
  expect(requests.splice(0)).toHaveLength(10);
  const other = { byStatus: { "429": { strategy: "backoff" } } } as const;
  await inTask(async () => (await retry.fetch(url, { retry: other })).status);
  expect(requests).toHaveLength(1);
});

test("headers say when the next try is", async () => {
  const { url } = await serve([429, 200], { "x-left": "0", "x-reset": "6m0s" });
  const strategy = {
    strategy: "headers",
    limitHeader: "x-limit",
    remainingHeader: "x-left",
    resetHeader: "x-reset",
    resetFormat: "iso_8601_duration_openai_variant",
  } as const;
  const { output, tookMs } = await inTask(
    async () => (await retry.fetch(url, { retry: { byStatus: { "429": strategy } } })).status,
  );
  expect(output).toBe(200);
  expect(tookMs).toBe(360_000);
});

test("a body that is not like the filter is not tried again", async () => {
  const { url, requests } = await serve([500]);
  const bodyFilter = { error: { type: ["overloaded"] } };
  const like = { byStatus: { "5xx": { strategy: "backoff", bodyFilter } } } as const;
  await inTask(async () => (await retry.fetch(url, { retry: like })).status);
  expect(requests.splice(0)).toHaveLength(3);
  const unlike = {
    byStatus: { "5xx": { strategy: "backoff", bodyFilter: { error: ["x"] } } },
  } as const;
  await inTask(async () => (await retry.fetch(url, { retry: unlike })).status);
  expect(requests).toHaveLength(1);
});

test("a refused connection is tried again, and then thrown", async () => {
  const { url } = await serve([200]);
  server!.close();
  server!.closeAllConnections();
  const { output } = await inTask(async () =>
    retry.fetch(url, { retry: { connectionError: { maxAttempts: 2 } } }).then(
      () => "answered",
      (error: Error) => error.name,
    ),
  );
  expect(output).toBe("TypeError");
});

test("statuses, filters and reset times are read", () => {
  expect(includesStatus("429,408,5xx", 503)).toBe(true);
  expect(includesStatus("429, 408", 408)).toBe(true);
  expect(includesStatus("500-502", 503)).toBe(false);
  expect(includesStatus("5xx", 404)).toBe(false);
  expect(fitsFilter({ a: { b: 1 } }, { a: { b: [1, 2] } })).toBe(true);
  expect(fitsFilter(null, { a: [1] })).toBe(false);
  expect(readReset("10", "unix_timestamp", 0)).toBe(10_000);
  expect(readReset("10", "unix_timestamp_in_ms", 0)).toBe(10);
  expect(readReset("1970-01-01T00:00:01Z", "iso_8601", 0)).toBe(1_000);
  expect(readReset("1m30.5s", "iso_8601_duration_openai_variant", 5)).toBe(90_505);
  expect(readReset("120ms", "iso_8601_duration_openai_variant", 0)).toBe(120);
  expect(readReset("soon", "iso_8601_duration_openai_variant", 0)).toBeUndefined();
  expect(readReset("soon", "iso_8601", 0)).toBeUndefined();
});
