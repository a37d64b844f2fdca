import { describe, expect, test } from "vitest";
import { TriggerKit } from "../../test/support/trigger-kit.ts";
import { idempotencyKeys, schedules, type ScheduledPayload, task, wait } from "./index.ts";

const DAY = 86_400_000;

describe("events", () => {
  test("start tasks, with their data as payload", async () => {
    const welcome = task({
      id: "welcome",
      on: "user/created",
      run: async (user: { name: string }) => `hello ${user.name}`,
    });
    const audit = task({
      id: "audit",
      on: ["user/*", { event: "order/paid", if: "event.data.total > 100" }],
      run: async (data: object) => data,
    });
    await using kit = await TriggerKit.start([welcome, audit]);
    await kit.engine.send([
      { name: "user/created", data: { name: "Ada" } },
      { name: "order/paid", data: { total: 5 } },
      { name: "order/paid", data: { total: 500 } },
    ]);
    const [run] = await kit.runs("welcome");
    expect(await kit.output(run!.id)).toBe("hello Ada");
    const audits = await kit.runs("audit");
    expect(await Promise.all(audits.map(({ id }) => kit.output(id)))).toEqual([
      { name: "Ada" },
      { total: 500 },
    ]);
  });

  test("a task on an event waits and retries as any other", async () => {
    const slow = task({
      id: "slow",
      on: "go",
      retry: { maxAttempts: 2, minTimeoutInMs: 0 },
      run: async (_: object, { ctx }) => {
        await wait.for({ days: 1 });
        if (ctx.attempt.number === 1) throw new Error("again");
        return "done";
      },
    });
    await using kit = await TriggerKit.start([slow]);
    await kit.engine.send([{ name: "go" }]);
    const [run] = await kit.runs("slow");
    expect(await kit.output(run!.id)).toBe("done");
  });
});

describe("schedules", () => {
  test("a scheduled task starts by its cron, and is told the ticks", async () => {
    const daily = schedules.task({
      id: "daily",
      cron: { pattern: "0 9 * * *", timezone: "Europe/Paris" },
      run: async (payload) => payload,
    });
    await using kit = await TriggerKit.start([daily]);
    await kit.advance(2 * DAY);
    const runs = await kit.runs("daily");
    expect(runs).toHaveLength(2);
    const payload = (await kit.output(runs[1]!.id)) as ScheduledPayload;
    expect(payload).toMatchObject({
      type: "DECLARATIVE",
      timestamp: new Date("2026-01-02T08:00:00Z"),
      lastTimestamp: new Date("2026-01-01T08:00:00Z"),
      timezone: "Europe/Paris",
    });
    expect(payload.scheduleId).toMatch(/^sched_/);
    expect(payload.upcoming[0]).toEqual(new Date("2026-01-03T08:00:00Z"));
    expect(payload.upcoming).toHaveLength(5);
  });

  test("a plain task may have a cron, as the seed's clean-up", async () => {
    const cleanUp = task({ id: "clean-up", cron: "0 0 * * *", run: async () => ({ deleted: 3 }) });
    await using kit = await TriggerKit.start([cleanUp]);
    await kit.advance(DAY);
    const [run] = await kit.runs("clean-up");
    expect(await kit.output(run!.id)).toEqual({ deleted: 3 });
  });

  test("a window spreads starts, and some environments have no ticks", async () => {
    const spread = task({
      id: "spread",
      cron: { pattern: "0 0 * * *", window: "50%" },
      run: async () => kit.clock.now(),
    });
    const elsewhere = task({
      id: "elsewhere",
      cron: { pattern: "0 0 * * *", environments: ["PRODUCTION"] },
      run: async () => {},
    });
    await using kit = await TriggerKit.start([spread, elsewhere]);
    await kit.advance(3 * DAY);
    const runs = await kit.runs("spread");
    const times = (await Promise.all(runs.map(({ id }) => kit.output(id)))) as number[];
    expect(times.length).toBeGreaterThanOrEqual(2);
    expect(times.every((at) => at % DAY < DAY / 2)).toBe(true);
    expect(times.some((at) => at % DAY > 0)).toBe(true);
    expect(await kit.runs("elsewhere")).toEqual([]);
  });
});

test("a time to live of the configuration, of the task and of the trigger", async () => {
  const standing = { queue: { concurrencyLimit: 0 }, run: async () => {} };
  const plain = task({ id: "plain", ...standing });
  const longer = task({ id: "longer", ttl: "2h", ...standing });
  const never = task({ id: "never", ttl: 0, ...standing });
  await using kit = await TriggerKit.start([plain, longer, never], { config: { ttl: "1h" } });
  const handles = [
    await plain.trigger(),
    await longer.trigger(),
    await never.trigger(),
    await plain.trigger(undefined, { ttl: 0 }),
  ];
  const states = async () => Promise.all(handles.map(async ({ id }) => (await kit.run(id)).state));
  await kit.advance(1.5 * 3_600_000);
  expect(await states()).toEqual(["expired", "queued", "queued", "queued"]);
  await kit.advance(DAY);
  expect(await states()).toEqual(["expired", "expired", "queued", "queued"]);
});

test("a key that is given back starts a run again", async () => {
  const once = task({ id: "once", run: async () => {} });
  await using kit = await TriggerKit.start([once]);
  const first = await once.trigger(undefined, { idempotencyKey: "key" });
  await kit.output(first.id);
  expect(await once.trigger(undefined, { idempotencyKey: "key" })).toMatchObject({
    isCached: true,
  });
  await idempotencyKeys.reset("once", "key");
  const second = await once.trigger(undefined, { idempotencyKey: "key" });
  expect(second.id).not.toBe(first.id);
  const made = await idempotencyKeys.create(["a", "b"], { scope: "global" });
  expect(made).toMatch(/^[0-9a-f]{64}$/);
  expect(await idempotencyKeys.create("a-b", { scope: "attempt" })).toBe(made);
});
