import { expect, test } from "vitest";
import { named, serve } from "../../../test/support/trigger-v2.ts";
import { invokeTrigger, TriggerClient } from "./index.ts";

/** A client with a dynamic schedule and a job that notes what starts it. */
async function noting() {
  const client = new TriggerClient({ id: "app" });
  const schedule = client.defineDynamicSchedule({ id: "reports" });
  const notes: { key: string; ts: number; last: number | undefined; account: unknown }[] = [];
  client.defineJob({
    ...named("job"),
    trigger: schedule,
    run: async ({ ts, lastTimestamp }, _io, ctx) => {
      const key = `${ctx.source!.id} ${JSON.stringify(ctx.source!.metadata ?? null)}`;
      notes.push({ key, ts: ts.getTime(), last: lastTimestamp?.getTime(), account: ctx.account });
    },
  });
  return { client, schedule, notes, runtime: await serve(client) };
}

const MINUTE = 60_000;

test("starts its jobs for every registration, until it is unregistered", async () => {
  const { runtime, schedule, notes } = await noting();
  const start = runtime.now;
  const everyMinute = { type: "interval", options: { seconds: 60 } } as const;
  await schedule.register("ada", { ...everyMinute, metadata: { team: 1 }, accountId: "acme" });
  await schedule.register("bob", { type: "cron", options: { cron: "*/2 * * * *" } });
  await runtime.advance(2 * MINUTE);
  expect(await schedule.unregister("ada")).toEqual({ ok: true });
  expect(await schedule.unregister("ada")).toEqual({ ok: false });
  await runtime.advance(2 * MINUTE);
  const ada = { key: 'ada {"team":1}', account: { id: "acme" } };
  const bob = { key: "bob null", account: undefined };
  const at = (minutes: number) => start + minutes * MINUTE;
  const byTime = notes.toSorted((a, b) => a.ts - b.ts || a.key.localeCompare(b.key));
  expect(byTime).toEqual([
    { ...ada, ts: at(1), last: undefined },
    { ...ada, ts: at(2), last: at(1) },
    { ...bob, ts: at(2), last: undefined },
    { ...bob, ts: at(4), last: at(2) },
  ]);
});

test("a key that is registered again is changed", async () => {
  const { runtime, schedule, notes } = await noting();
  await schedule.register("ada", { type: "interval", options: { seconds: 60 } });
  await schedule.register("ada", { type: "interval", options: { seconds: 600 } });
  await runtime.advance(20 * MINUTE);
  expect(notes).toHaveLength(2);
});

test("a run registers once", async () => {
  const { client, runtime, schedule, notes } = await noting();
  const subscribe = client.defineJob({
    ...named("subscribe"),
    trigger: invokeTrigger(),
    run: async (_payload, io) => {
      await schedule.register("ada", { type: "interval", options: { seconds: 60 } });
      await io.wait("an hour", 3_600);
      return schedule.unregister("ada");
    },
  });
  const { id } = await subscribe.invoke({});
  const run = await runtime.finish(id);
  expect(run.stepIds).toEqual(["ada:register", "an hour", "ada:unregister"]);
  expect(run.output).toEqual({ ok: true });
  expect(notes.length).toBeGreaterThanOrEqual(59);
  const count = notes.length;
  await runtime.advance("1h");
  expect(notes).toHaveLength(count);
});

test("io registers and unregisters too, in Trigger.dev's older way", async () => {
  const { client, runtime, schedule, notes } = await noting();
  const subscribe = client.defineJob({
    ...named("subscribe"),
    trigger: invokeTrigger(),
    run: async (_payload, io) => {
      await io.registerInterval("a", schedule, "ada", { seconds: 60 });
      await io.registerCron("b", schedule, "bob", { cron: "30 0 * * *" });
      await io.wait("an hour", 3_660);
      return [
        await io.unregisterInterval("c", schedule, "ada"),
        await io.unregisterCron("d", schedule, "bob"),
      ];
    },
  });
  const run = await runtime.finish((await subscribe.invoke({})).id);
  expect(run.output).toEqual([{ ok: true }, { ok: true }]);
  expect(notes.filter(({ key }) => key === "bob null")).toHaveLength(1);
  expect(notes.length).toBeGreaterThanOrEqual(60);
});

test.each<[string, object]>([
  ["19 is no whole number of seconds", { type: "interval", options: { seconds: 19 } }],
  ["daily: ", { type: "cron", options: { cron: "daily" } }],
  ["its type is neither cron nor interval", { type: "sometimes", options: {} }],
])("refuses: %s", async (reason, schedule) => {
  const { schedule: reports } = await noting();
  await expect(reports.register("ada", schedule as never)).rejects.toMatchObject({
    code: "TRIGGER_V2_BAD_TRIGGER",
    message: expect.stringContaining(reason),
  });
});

test("needs an id", () => {
  const client = new TriggerClient({ id: "app" });
  expect(() => client.defineDynamicSchedule({ id: "" })).toThrow("it has no id");
});
