import { expect, test, vi } from "vitest";
import { InngestKit, silent } from "../../test/support/inngest-kit.ts";
import { Inngest } from "./index.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

const inngest = new Inngest({ id: "app", logger: silent });
const send = (count: number, data: (index: number) => object = () => ({})) =>
  inngest.send(Array.from({ length: count }, (_, index) => ({ name: "go", data: data(index) })));

/** Bodies that run until they are told to end. */
function gate() {
  const waiting: (() => void)[] = [];
  return {
    get size(): number {
      return waiting.length;
    },
    wait: () => new Promise<void>((resolve) => waiting.push(resolve)),
    open: (): void => waiting.shift()?.(),
  };
}

const states = async (kit: InngestKit, id: string): Promise<string[]> =>
  (await kit.store.listRuns({ functionId: id, limit: 100 })).map(({ state }) => state).toSorted();

test("concurrency: so many runs at once; a sleeping run gives its slot away", async () => {
  const doors = gate();
  const fn = inngest.createFunction(
    { id: "f", concurrency: 2 },
    { event: "go" },
    async ({ step }) => {
      await step.run("work", () => doors.wait());
      await step.sleep("pause", "1h");
    },
  );
  await using kit = await InngestKit.start([fn]);
  await send(3);
  await vi.waitUntil(() => doors.size === 2);
  expect(await states(kit, "app-f")).toEqual(["queued", "running", "running"]);
  doors.open();
  await vi.waitUntil(() => doors.size === 2);
  doors.open();
  doors.open();
  expect(await states(kit, "app-f")).not.toContain("queued");
  await kit.engine.whenQuiet();
  expect(await states(kit, "app-f")).toEqual(["waiting", "waiting", "waiting"]);
});

test("concurrency: by key, shared by scope, two limits at once", async () => {
  const doors = gate();
  const make = (id: string) =>
    inngest.createFunction(
      {
        id,
        concurrency: [
          { limit: 1, key: "event.data.user" },
          { limit: 2, key: "'all'", scope: "env" },
        ],
      },
      { event: "go" },
      () => doors.wait(),
    );
  await using kit = await InngestKit.start([make("a"), make("b")]);
  await send(3, (index) => ({ user: index }));
  await vi.waitUntil(() => doors.size === 2);
  const all = [...(await states(kit, "app-a")), ...(await states(kit, "app-b"))];
  expect(all.filter((state) => state === "running")).toHaveLength(2);
  for (let ended = 0; ended < 6; ended++) {
    await vi.waitUntil(() => doors.size > 0);
    doors.open();
  }
  await kit.engine.whenQuiet();
});

test("throttle: more starts wait for their turn, none is lost", async () => {
  const fn = inngest.createFunction(
    { id: "f", throttle: { limit: 1, period: "10s", burst: 1 } },
    { event: "go" },
    () => 1,
  );
  await using kit = await InngestKit.start([fn]);
  await send(4);
  await kit.engine.whenQuiet();
  expect((await states(kit, "app-f")).filter((state) => state === "completed")).toHaveLength(2);
  await kit.advance(10 * SECOND);
  expect((await states(kit, "app-f")).filter((state) => state === "completed")).toHaveLength(3);
  await kit.advance(10 * SECOND);
  expect(await states(kit, "app-f")).toEqual(["completed", "completed", "completed", "completed"]);
});

test("rateLimit: more starts are dropped; Inngest's way, and exactly", async () => {
  const likeInngest = inngest.createFunction(
    { id: "gcra", rateLimit: { limit: 5, period: "5h" } },
    { event: "go" },
    () => 1,
  );
  const exact = inngest.createFunction(
    { id: "window", rateLimit: { limit: 5, period: "5h", mode: "window" } },
    { event: "go" },
    () => 1,
  );
  await using kit = await InngestKit.start([likeInngest, exact]);
  await send(7);
  expect([(await kit.runs("app-gcra")).length, (await kit.runs("app-window")).length]).toEqual([
    1, 5,
  ]);
  await kit.advance(HOUR);
  await send(1);
  expect([(await kit.runs("app-gcra")).length, (await kit.runs("app-window")).length]).toEqual([
    2, 5,
  ]);
  await kit.advance(4 * HOUR);
  await send(1);
  expect((await kit.runs("app-window")).length).toBe(6);
});

test("debounce: starts once it is quiet, with the newest; timeout is the latest", async () => {
  const fn = inngest.createFunction(
    { id: "f", debounce: { period: "10s", key: "event.data.user", timeout: "25s" } },
    { event: "go" },
    ({ event }) => event.data.n,
  );
  await using kit = await InngestKit.start([fn]);
  for (let n = 0; n < 2; n++) {
    await inngest.send({ name: "go", data: { user: "a", n } });
    await kit.advance(5 * SECOND);
  }
  await kit.advance(10 * SECOND);
  expect(await kit.output("app-f")).toBe(1);
  for (let n = 10; n < 16; n++) {
    await inngest.send({ name: "go", data: { user: "a", n } });
    await kit.advance(5 * SECOND);
  }
  const outputs = (await kit.runs("app-f")).filter(({ state }) => state === "completed");
  expect(outputs.length).toBe(2);
});

test("batchEvents: by size, by time, by key, and events that are not meant", async () => {
  const fn = inngest.createFunction(
    {
      id: "f",
      batchEvents: {
        maxSize: 3,
        timeout: "10s",
        key: "event.data.key",
        if: "event.data.alone != true",
      },
    },
    { event: "go" },
    ({ events }) => events.map(({ data }) => data.n as number),
  );
  await using kit = await InngestKit.start([fn]);
  await send(4, (n) => ({ key: "a", n }));
  await inngest.send({ name: "go", data: { key: "b", n: 10 } });
  await inngest.send({ name: "go", data: { alone: true, n: 20 } });
  const outputs = async (): Promise<unknown[]> =>
    (await kit.runs("app-f")).flatMap(({ output }) => (output ? [JSON.parse(output)] : []));
  expect(await outputs()).toEqual([[0, 1, 2], [20]]);
  await kit.advance(10 * SECOND);
  expect((await outputs()).length).toBe(4);
  expect(await outputs()).toContainEqual([3]);
  expect(await outputs()).toContainEqual([10]);
});

test("priority: runs ahead of others that wait", async () => {
  const order: number[] = [];
  const doors = gate();
  const fn = inngest.createFunction(
    { id: "f", concurrency: 1, priority: { run: "event.data.vip ? 600 : 0" } },
    { event: "go" },
    async ({ event }) => {
      order.push(event.data.n);
      await doors.wait();
    },
  );
  await using kit = await InngestKit.start([fn]);
  await inngest.send({ name: "go", data: { n: 0, vip: false } });
  await vi.waitUntil(() => doors.size === 1);
  await inngest.send({ name: "go", data: { n: 1, vip: false } });
  await inngest.send({ name: "go", data: { n: 2, vip: true } });
  for (let ended = 0; ended < 3; ended++) {
    await vi.waitUntil(() => doors.size === 1);
    doors.open();
    await vi.waitUntil(() => order.length === Math.min(ended + 2, 3));
  }
  await kit.engine.whenQuiet();
  expect(order).toEqual([0, 2, 1]);
});

test("singleton: another run is skipped, or cancels the first", async () => {
  const make = (id: string, mode: "skip" | "cancel") =>
    inngest.createFunction(
      { id, singleton: { mode, key: "event.data.user" } },
      { event: "go" },
      async ({ step }) => {
        await step.sleep("s", "1h");
      },
    );
  await using kit = await InngestKit.start([make("skip", "skip"), make("cancel", "cancel")]);
  await inngest.send({ name: "go", data: { user: "a" } });
  await kit.engine.whenQuiet();
  await inngest.send({ name: "go", data: { user: "a" } });
  await inngest.send({ name: "go", data: { user: "b" } });
  await kit.engine.whenQuiet();
  expect(await states(kit, "app-skip")).toEqual(["skipped", "waiting", "waiting"]);
  expect(await states(kit, "app-cancel")).toEqual(["canceled", "waiting", "waiting"]);
});

test("idempotency: one start a value in 24 hours", async () => {
  const fn = inngest.createFunction(
    { id: "f", idempotency: "event.data.order" },
    { event: "go" },
    () => 1,
  );
  await using kit = await InngestKit.start([fn]);
  await send(3, (index) => ({ order: `o-${index % 2}` }));
  expect(await kit.runs("app-f")).toHaveLength(2);
  await kit.advance(24 * HOUR + 1);
  await send(1, () => ({ order: "o-0" }));
  expect(await kit.runs("app-f")).toHaveLength(3);
});

test("cancelOn: by match, by if, and not after its timeout", async () => {
  const fn = inngest.createFunction(
    {
      id: "f",
      cancelOn: [
        { event: "stop", match: "data.id" },
        { event: "halt", if: "async.data.all == true", timeout: "1h" },
      ],
    },
    { event: "go" },
    async ({ step }) => {
      await step.sleep("s", "7d");
    },
  );
  await using kit = await InngestKit.start([fn]);
  await send(2, (id) => ({ id }));
  await kit.engine.whenQuiet();
  await inngest.send({ name: "stop", data: { id: 0 } });
  await inngest.send({ name: "halt", data: { all: false } });
  await kit.engine.whenQuiet();
  expect(await states(kit, "app-f")).toEqual(["canceled", "waiting"]);
  await kit.advance(2 * HOUR);
  await inngest.send({ name: "halt", data: { all: true } });
  await kit.engine.whenQuiet();
  expect(await states(kit, "app-f")).toEqual(["canceled", "waiting"]);
});

test("timeouts: runs that do not start, or finish, in time", async () => {
  const doors = gate();
  const start = inngest.createFunction(
    { id: "start", concurrency: 1, timeouts: { start: "10s" } },
    { event: "go" },
    () => doors.wait(),
  );
  const finish = inngest.createFunction(
    { id: "finish", timeouts: { finish: "1h" } },
    { event: "go" },
    async ({ step }) => {
      await step.sleep("s", "2h");
    },
  );
  await using kit = await InngestKit.start([start, finish]);
  await send(2);
  await vi.waitUntil(() => doors.size === 1);
  await kit.clock.advance(10 * SECOND, () => Promise.resolve());
  await vi.waitUntil(async () => (await states(kit, "app-start")).includes("expired"));
  doors.open();
  await kit.engine.whenQuiet();
  expect(await states(kit, "app-start")).toEqual(["completed", "expired"]);
  await kit.advance(HOUR);
  expect(await states(kit, "app-finish")).toEqual(["timedOut", "timedOut"]);
});

test("cron: in a time zone, over a change of clocks", async () => {
  const ticks: string[] = [];
  const fn = inngest.createFunction(
    { id: "f" },
    { cron: "TZ=Europe/Paris 0 9 * * *" },
    ({ event }) => void ticks.push(new Date(event.ts).toISOString()),
  );
  await using kit = await InngestKit.start([fn]);
  await kit.advance(Date.UTC(2026, 2, 28) - kit.clock.now());
  ticks.length = 0;
  await kit.advance(3 * 24 * HOUR);
  expect(ticks).toEqual([
    "2026-03-28T08:00:00.000Z",
    "2026-03-29T07:00:00.000Z",
    "2026-03-30T07:00:00.000Z",
  ]);
});

test("wildcards and if: a function starts once an event, however many triggers fit", async () => {
  const fn = inngest.createFunction(
    { id: "f" },
    [
      { event: "app/*" },
      { event: "app/user.*" },
      { event: "app/user.created", if: "event.data.n > 5" },
    ],
    ({ event }) => event.name,
  );
  const big = inngest.createFunction(
    { id: "big" },
    { event: "app/user.created", if: "event.data.n > 5" },
    () => 1,
  );
  await using kit = await InngestKit.start([fn, big]);
  await inngest.send({ name: "app/user.created", data: { n: 9 } });
  await inngest.send({ name: "app/user.created", data: { n: 1 } });
  await inngest.send({ name: "application" });
  expect((await kit.runs("app-f")).map(({ output }) => output)).toEqual([
    '"app/user.created"',
    '"app/user.created"',
  ]);
  expect(await kit.runs("app-big")).toHaveLength(1);
});
