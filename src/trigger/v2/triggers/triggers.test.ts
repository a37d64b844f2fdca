import { describe, expect, test } from "vitest";
import { z } from "zod";
import { named, serve } from "../../../../test/support/trigger-v2.ts";
import {
  cronTrigger,
  eventTrigger,
  type EventTriggerOptions,
  intervalTrigger,
  invokeTrigger,
  type JobTrigger,
  TriggerClient,
} from "../index.ts";

/** A job that notes its payloads. */
function noting(trigger: JobTrigger) {
  const client = new TriggerClient({ id: "app" });
  const payloads: unknown[] = [];
  const job = client.defineJob({
    ...named("job"),
    trigger,
    run: async (payload) => void payloads.push(payload),
  });
  return { client, job, payloads };
}

describe("eventTrigger", () => {
  const started = async (
    options: EventTriggerOptions<undefined>,
    events: Parameters<TriggerClient["sendEvents"]>[0],
  ): Promise<unknown[]> => {
    const { client, payloads } = noting(eventTrigger(options));
    const runtime = await serve(client);
    for (const event of events) await client.sendEvent(event);
    await runtime.drain();
    return payloads.map((payload) => (payload as { n?: number } | null)?.n ?? payload);
  };

  test("takes events of its name, of several names, or of a pattern", async () => {
    const events = ["a", "b", "c.d", "c.e"].map((name, n) => ({ name, payload: { n } }));
    expect(await started({ name: "a" }, events)).toEqual([0]);
    expect(await started({ name: ["a", "c.e"] }, events)).toEqual([0, 3]);
    expect(await started({ name: "c.*" }, events)).toEqual([2, 3]);
  });

  test("takes events whose payload fits the filter", async () => {
    const filter = { user: { country: ["DE"], age: [{ $gte: 18 }] }, kind: ["x", "y"] };
    const of = (n: number, country: string, age: number, kind: string) => ({
      name: "e",
      payload: { n, user: { country, age }, kind },
    });
    const events = [
      of(0, "DE", 18, "x"),
      of(1, "DE", 17, "x"),
      of(2, "FR", 18, "x"),
      of(3, "DE", 30, "z"),
      of(4, "DE", 30, "y"),
      { name: "e", payload: "text" },
    ];
    expect(await started({ name: "e", filter }, events)).toEqual([0, 4]);
  });

  test("takes events of its source: trigger.dev, unless it names one", async () => {
    const events = [
      { name: "e", payload: { n: 0 } },
      { name: "e", payload: { n: 1 }, source: "trigger.dev" },
      { name: "e", payload: { n: 2 }, source: "github" },
    ];
    expect(await started({ name: "e" }, events)).toEqual([0, 1]);
    expect(await started({ name: "e", source: "github" }, events)).toEqual([2]);
  });

  test("gives the payload as it was sent, whatever JSON it is", async () => {
    const payloads = [{ a: [1] }, [1, 2], "text", 7, null, true];
    const events = payloads.map((payload) => ({ name: "e", payload }));
    expect(await started({ name: "e" }, [...events, { name: "e" }])).toEqual([...payloads, {}]);
  });

  test("takes the events of other idioms, and sends to them", async () => {
    const { client, payloads } = noting(eventTrigger({ name: "shop/order", filter: { n: [1] } }));
    const seen: unknown[] = [];
    const runtime = await serve(client, {
      id: "plain",
      triggers: [{ event: "sent.by.client", if: "event.data.n == 2" }],
      retries: 0,
      backoff: () => 0,
      handler: async (run) => void seen.push(run.event.data),
    });
    await runtime.send([
      { name: "shop/order", data: { n: 1 }, meta: { theirs: true } },
      { name: "shop/order", data: { n: 2 } },
    ]);
    await client.sendEvent({ name: "sent.by.client", payload: { n: 2 } });
    await runtime.drain();
    expect(payloads).toEqual([{ n: 1 }]);
    expect(seen).toEqual([{ n: 2 }]);
  });

  test("parses the payload by its schema; one that does not fit ends as INVALID_PAYLOAD", async () => {
    const schema = z.object({ at: z.coerce.date(), n: z.number().default(7) });
    const { client, payloads } = noting(eventTrigger({ name: "e", schema }));
    const runtime = await serve(client);
    await client.sendEvent({ name: "e", payload: { at: "2026-01-01" } });
    await client.sendEvent({ name: "e", payload: { at: "never" } });
    await runtime.drain();
    expect(payloads).toEqual([{ at: new Date("2026-01-01"), n: 7 }]);
    const { runs } = await client.getRuns("job");
    expect(runs.map(({ status }) => status)).toEqual(["INVALID_PAYLOAD", "SUCCESS"]);
  });

  test("starts a job once for an event's id", async () => {
    const event = { name: "e", id: "same", payload: { n: 1 } };
    expect(await started({ name: "e" }, [event, event])).toEqual([1]);
  });

  test.each<[string, object]>([
    ["an event needs a name", { name: "" }],
    ["it has no name", { name: [] }],
    ["a* has a *", { name: "a*" }],
    ["the filter.a has no operator $like", { name: "e", filter: { a: [{ $like: "x" }] } }],
    ["the filter is no object", { name: "e", filter: ["x"] }],
  ])("is refused: %s", (reason, options) => {
    expect(() => eventTrigger(options as EventTriggerOptions<undefined>)).toThrow(
      expect.objectContaining({
        code: "TRIGGER_V2_BAD_TRIGGER",
        message: expect.stringContaining(reason),
      }),
    );
  });
});

describe("intervalTrigger", () => {
  test("starts a job every so many seconds, the first time one interval on", async () => {
    const { client, payloads } = noting(intervalTrigger({ seconds: 90 }));
    const runtime = await serve(client);
    const start = runtime.now;
    await runtime.advance(5 * 60_000);
    const at = (seconds: number) => new Date(start + seconds * 1_000);
    expect(payloads).toEqual([
      { ts: at(90), lastTimestamp: at(0) },
      { ts: at(180), lastTimestamp: at(90) },
      { ts: at(270), lastTimestamp: at(180) },
    ]);
  });

  test.each([19, 2_592_001, 60.5, "60"])("refuses %s seconds", (seconds) => {
    expect(() => intervalTrigger({ seconds: seconds as number })).toThrow(
      `intervalTrigger cannot be used: ${seconds} is no whole number of seconds from 20 to 2592000`,
    );
  });
});

describe("cronTrigger", () => {
  test("starts a job by the clock, in UTC", async () => {
    const { client, payloads } = noting(cronTrigger({ cron: "30 14 * * 1" }));
    const runtime = await serve(client);
    await runtime.advanceTo("2026-01-13T00:00:00Z");
    expect(payloads).toEqual([
      { ts: new Date("2026-01-05T14:30:00Z"), lastTimestamp: new Date("2025-12-29T14:30:00Z") },
      { ts: new Date("2026-01-12T14:30:00Z"), lastTimestamp: new Date("2026-01-05T14:30:00Z") },
    ]);
  });

  test("refuses what is no cron expression", () => {
    expect(() => cronTrigger({ cron: "every day" })).toThrow(
      expect.objectContaining({ code: "TRIGGER_V2_BAD_TRIGGER" }),
    );
  });
});

test("a scheduled job that is invoked gets dates too", async () => {
  const { client, job, payloads } = noting(cronTrigger({ cron: "0 0 1 1 *" }));
  const runtime = await serve(client);
  await job.invoke({ ts: "2026-02-01T00:00:00Z" });
  await runtime.drain();
  expect(payloads).toEqual([{ ts: new Date("2026-02-01T00:00:00Z") }]);
});

test("invokeTrigger checks what is given, and starts by nothing else", async () => {
  const schema = z.object({ n: z.number() });
  const { client, job, payloads } = noting(invokeTrigger({ schema }));
  const runtime = await serve(client);
  await expect(job.invoke({ n: "one" })).rejects.toMatchObject({
    code: "TRIGGER_V2_INVALID_PAYLOAD",
  });
  await job.invoke({ n: 1 });
  await runtime.drain();
  expect(payloads).toEqual([{ n: 1 }]);
  expect(await runtime.runs()).toHaveLength(1);
});

test("types: payloads are what schemas make of them", () => {
  const client = new TriggerClient({ id: "app" });
  client.defineJob({
    ...named("typed"),
    trigger: eventTrigger({ name: "e", schema: z.object({ n: z.string().transform(Number) }) }),
    run: async (payload) => payload.n.toFixed(2),
  });
  const job = client.defineJob({
    ...named("invoked"),
    trigger: invokeTrigger({ schema: z.object({ n: z.string().transform(Number) }) }),
    run: async ({ n }) => n + 1,
  });
  // @ts-expect-error a number is what comes out, not what goes in
  const wrong = (): Promise<unknown> => job.invoke({ n: 1 });
  const scheduled = client.defineJob({
    ...named("scheduled"),
    trigger: intervalTrigger({ seconds: 60 }),
    run: async ({ ts, lastTimestamp }) => ts.getTime() - (lastTimestamp?.getTime() ?? 0),
  });
  expect([wrong, scheduled.id]).toBeDefined();
});
