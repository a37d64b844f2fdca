import { expect, onTestFinished, test } from "vitest";
import { type Answer, hookServer, type HookServer } from "../../test/support/hook-server.ts";
import { createTestRuntime, type TestRuntime } from "../testing/test-runtime.ts";
import { httpSchedules } from "./http-schedules.ts";
import type { HttpSchedule } from "./schedule.ts";

/** A server, and a runtime at midnight that calls it. */
async function open(
  schedule: Partial<HttpSchedule>,
  answer?: (index: number) => Answer,
): Promise<{ server: HookServer; runtime: TestRuntime }> {
  const server = await hookServer((_, index) => answer?.(index) ?? 200);
  const functions = httpSchedules([
    { name: "call", cron: "0 6 * * *", url: `${server.url}/tick?token=s3cret`, ...schedule },
  ]);
  const runtime = await createTestRuntime({ functions });
  onTestFinished(() => runtime.close());
  return { server, runtime };
}

test("calls the URL at each tick, in the time zone, and keeps the answer", async () => {
  const { server, runtime } = await open(
    {
      ...{ timezone: "Europe/Berlin", method: "post", headers: { "x-team": "ops" } },
      body: { hello: "world" },
    },
    () => ({ status: 201, body: "done" }),
  );
  await runtime.advance("4h59m");
  expect(server.received).toEqual([]);
  await runtime.advance("1m");
  const [{ method, path, headers, body } = server.received[0]!] = server.received;
  expect({ method, path, body }).toEqual({
    ...{ method: "POST", path: "/tick?token=s3cret", body: '{"hello":"world"}' },
  });
  expect(headers).toMatchObject({ "x-team": "ops", "content-type": "application/json" });
  const [run] = await runtime.runs();
  expect(run).toMatchObject({
    ...{ functionId: "http-call", state: "completed" },
    output: { status: 201, body: "done", isTruncated: false },
  });
  expect(headers["idempotency-key"]).toBe(run!.id);
  await runtime.advance("1d");
  expect(server.received).toHaveLength(2);
});

test("what is no 2xx is tried again, later and later, with the same key", async () => {
  const answers: Answer[] = [500, { status: 302, headers: { location: "/elsewhere" } }, 204];
  const { server, runtime } = await open({}, (index) => answers[index]!);
  await runtime.advance("6h");
  expect(server.received).toHaveLength(1);
  await runtime.advance("10s");
  expect(server.received).toHaveLength(2);
  await runtime.advance("19s");
  expect(server.received).toHaveLength(2);
  await runtime.advance("1s");
  expect(new Set(server.received.map(({ path }) => path))).toEqual(new Set(["/tick?token=s3cret"]));
  expect(new Set(server.received.map(({ headers }) => headers["idempotency-key"])).size).toBe(1);
  expect(await runtime.runs()).toMatchObject([{ state: "completed", output: { status: 204 } }]);
});

test("fails when its attempts are used up, and says why, without the query", async () => {
  const { server, runtime } = await open({ attempts: 2 }, () => ({ status: 503, body: "busy" }));
  await runtime.advance("7h");
  expect(server.received).toHaveLength(2);
  const [run] = await runtime.runs();
  expect(run!.state).toBe("failed");
  expect(run!.error).toMatchObject({
    code: "HTTP_SCHEDULE_FAILED",
    message: `GET ${server.url}/tick failed: it answered 503 busy`,
  });
});

test("an answer that does not come in time, and a port where nobody listens, are failures", async () => {
  const { runtime } = await open({ attempts: 1, timeoutMs: 50 }, () => "hang");
  await runtime.advance("6h");
  expect((await runtime.runs())[0]!.error?.message).toContain("no answer within 50 ms");

  const [dead] = httpSchedules([
    { name: "dead", everyMs: 60_000, url: "http://127.0.0.1:2/", attempts: 1 },
  ]);
  const other = await createTestRuntime({ functions: [dead!] });
  onTestFinished(() => other.close());
  await other.advance("1m");
  expect((await other.runs())[0]!.error?.message).toMatch(/failed: .*ECONNREFUSED/);
});

test("of a long answer the beginning is kept", async () => {
  const { runtime } = await open({}, () => ({ status: 200, body: "ä".repeat(50_000) }));
  await runtime.advance("6h");
  const [run] = await runtime.runs();
  expect(run!.output).toEqual({ status: 200, body: "ä".repeat(8_192), isTruncated: true });
});

test.each<[Partial<Record<keyof HttpSchedule, unknown>>, string]>([
  [{ name: "a b" }, "name has to be letters"],
  [{ cron: undefined }, "give cron or everyMs"],
  [{ everyMs: 60_000 }, "give cron or everyMs"],
  [{ cron: "every day" }, "fields"],
  [{ timezone: "Mars/Base" }, "Mars/Base"],
  [{ cron: undefined, everyMs: 10 }, "1000 is the least"],
  [{ cron: undefined, everyMs: 60_000, timezone: "UTC" }, "timezone means nothing"],
  [{ url: "ftp://x" }, "url has to be an http or https URL"],
  [{ url: "https://u:s3cret@x" }, "must not hold a user or password"],
  [{ method: "BREW" }, "method is one of GET"],
  [{ body: "x" }, "GET takes no body"],
  [{ headers: { a: "s3cret\nb" } }, "one of its headers cannot be sent"],
  [{ timeoutMs: 0 }, "timeoutMs"],
  [{ attempts: 0 }, "attempts"],
  [{ retries: 3 } as object, "there is no option retries"],
])("refuses %j", (bad, reason) => {
  const schedule = { name: "call", cron: "0 6 * * *", url: "https://example.com", ...bad };
  expect(() => httpSchedules([schedule as HttpSchedule])).toThrow(
    expect.objectContaining({
      code: "HTTP_SCHEDULE_BAD_OPTION",
      message: expect.stringContaining(reason),
    }),
  );
  expect(() => httpSchedules([schedule as HttpSchedule])).not.toThrow(/s3cret/);
});

test("two of one name are refused", () => {
  const schedule = { name: "call", cron: "0 6 * * *", url: "https://example.com" };
  expect(() => httpSchedules([schedule, schedule])).toThrow("another has the same name");
});
