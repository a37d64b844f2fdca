import { expect, test } from "vitest";
import { Gate } from "../../test/support/gate.ts";
import { InngestKit, silent } from "../../test/support/inngest-kit.ts";
import { eventType, Inngest } from "./index.ts";

const SECOND = 1_000;
const HOUR = 3_600_000;
const inngest = new Inngest({ id: "app", logger: silent });

const stop = eventType("order/stopped");

const stateOf = async (kit: InngestKit) => (await kit.run("app-f")).state;

test("cancelOn: a step that runs is finished, the next is not begun, and the end is told", async () => {
  const door = new Gate();
  const log: string[] = [];
  const fn = inngest.createFunction(
    { id: "f", cancelOn: [{ event: stop, match: "data.order.id" }] },
    { event: "go" },
    async ({ step }) => {
      await step.run("first", async () => {
        await door.pass();
        log.push("first");
      });
      await step.run("second", () => log.push("second"));
    },
  );
  const told = inngest.createFunction(
    { id: "told" },
    { event: "inngest/function.cancelled" },
    ({ event }) => [event.data.function_id, event.data.run_id],
  );
  await using kit = await InngestKit.start([fn, told]);
  await inngest.send({ name: "go", data: { order: { id: "o-1" } } });
  await door.reached;
  await inngest.send(stop.create({ order: { id: "o-2" } }));
  await inngest.send(stop.create({ order: { id: "o-1" } }));
  door.open();
  const run = await kit.run("app-f");
  expect([run.state, log]).toEqual(["canceled", ["first"]]);
  expect(await kit.output("app-told")).toEqual(["app-f", run.id]);
});

test("cancelOn: a run whose time has not come, one in line for a slot, and one that waits", async () => {
  const cancelOn = [{ event: stop, if: "async.data.id == event.data.id" }];
  const make = (id: string, wait: boolean) =>
    inngest.createFunction({ id, cancelOn, concurrency: 1 }, { event: id }, async ({ step }) => {
      if (wait) await step.waitForEvent("w", { event: "never", timeout: "30d" });
    });
  await using kit = await InngestKit.start([make("later", false), make("waits", true)]);
  await inngest.send([
    { name: "later", data: { id: 1 }, ts: kit.clock.now() + HOUR },
    { name: "waits", data: { id: 1 } },
  ]);
  await kit.engine.whenQuiet();
  await inngest.send(stop.create({ id: 1 }));
  await kit.advance(2 * HOUR);
  const states = [(await kit.run("app-later")).state, (await kit.run("app-waits")).state];
  expect(states).toEqual(["canceled", "canceled"]);
});

test("cancelOn: the event that started the run, and what was sent before it, cancel nothing", async () => {
  const fn = inngest.createFunction(
    { id: "f", cancelOn: [{ event: "order/changed", match: "data.id" }] },
    { event: "order/changed" },
    async ({ step }) => {
      await step.sleep("s", "1h");
    },
  );
  await using kit = await InngestKit.start([fn]);
  await inngest.send([
    { name: "order/changed", data: { id: 1 } },
    { name: "order/changed", data: { id: 2 } },
  ]);
  await kit.engine.whenQuiet();
  await inngest.send({ name: "order/changed", data: { id: 1 } });
  await kit.advance(HOUR);
  const states = (await kit.runs("app-f")).map(({ state }) => state);
  expect(states).toEqual(["canceled", "completed", "completed"]);
});

test("timeouts: from when the run was queued, and from when it began", async () => {
  const fn = inngest.createFunction(
    { id: "f", timeouts: { start: "1h", finish: "10s" } },
    { event: "go" },
    async ({ step }) => {
      await step.sleep("s", "1m");
    },
  );
  const told = inngest.createFunction(
    { id: "told" },
    { event: "inngest/function.cancelled" },
    () => 1,
  );
  await using kit = await InngestKit.start([fn, told]);
  // The time until the event's ts does not count.
  await inngest.send({ name: "go", ts: kit.clock.now() + 5 * HOUR });
  await kit.advance(5 * HOUR);
  expect(await stateOf(kit)).toBe("waiting");
  await kit.advance(10 * SECOND);
  expect(await stateOf(kit)).toBe("timedOut");
  expect(await kit.output("app-told")).toBe(1);
});

test("a canceled parent: the function that it invoked goes on", async () => {
  const child = inngest.createFunction({ id: "child" }, [], async ({ step }) => {
    await step.sleep("s", "1h");
    return "done";
  });
  const fn = inngest.createFunction(
    { id: "f", cancelOn: [{ event: stop }] },
    { event: "go" },
    async ({ step }) => step.invoke("child", { function: child }),
  );
  await using kit = await InngestKit.start([fn, child]);
  await inngest.send({ name: "go" });
  await kit.engine.whenQuiet();
  await inngest.send(stop.create());
  await kit.advance(HOUR);
  expect([await stateOf(kit), await kit.output("app-child")]).toEqual(["canceled", "done"]);
});
