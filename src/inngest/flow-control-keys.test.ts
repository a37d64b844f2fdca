import { expect, test, vi } from "vitest";
import { InngestKit, silent } from "../../test/support/inngest-kit.ts";
import { Inngest } from "./index.ts";

/** What `key` does in each option that takes one: CEL over the event, a limit for each value. */

const SECOND = 1_000;
const HOUR = 3_600_000;
const inngest = new Inngest({ id: "app", logger: silent });

const send = (...data: object[]) => inngest.send(data.map((one) => ({ name: "go", data: one })));
const countOf = async (kit: InngestKit, state: string): Promise<number> =>
  (await kit.store.listRuns({ functionId: "app-f", limit: 100 })).filter(
    (run) => run.state === state,
  ).length;

test("concurrency.key: one line a value, whatever its type", async () => {
  const waiting = new Map<unknown, () => void>();
  const fn = inngest.createFunction(
    { id: "f", concurrency: { limit: 1, key: "event.data.user" } },
    { event: "go" },
    ({ event }) => new Promise<void>((resolve) => waiting.set(event.data.n, resolve)),
  );
  await using kit = await InngestKit.start([fn]);
  await send({ user: 1, n: 0 }, { user: 1, n: 1 }, { user: true, n: 2 }, { n: 3 }, { n: 4 });
  await vi.waitUntil(() => waiting.size === 3);
  expect([...waiting.keys()]).toEqual([0, 2, 3]);
  for (const n of [0, 2, 3]) waiting.get(n)!();
  await vi.waitUntil(() => waiting.size === 5);
  for (const n of [1, 4]) waiting.get(n)!();
  await kit.engine.whenQuiet();
  expect(await countOf(kit, "completed")).toBe(5);
});

test("concurrency.scope: env and account are shared by all functions, each on its own", async () => {
  const doors: (() => void)[] = [];
  const make = (id: string, scope: "fn" | "env" | "account") =>
    inngest.createFunction(
      { id, concurrency: { limit: 1, key: "'api'", scope } },
      { event: "go" },
      () => new Promise<void>((resolve) => doors.push(resolve)),
    );
  const functions = [
    ...[make("a", "account"), make("b", "account")],
    ...[make("c", "env"), make("d", "env")],
    ...[make("e", "fn"), make("f", "fn")],
  ];
  await using kit = await InngestKit.start(functions);
  await send({});
  await vi.waitUntil(() => doors.length === 4);
  const running = (await kit.store.listRuns({ limit: 10 }))
    .filter(({ state }) => state === "running")
    .map(({ functionId }) => functionId);
  expect(running.toSorted()).toEqual(["app-a", "app-c", "app-e", "app-f"]);
  for (const open of doors.splice(0)) open();
  await vi.waitUntil(() => doors.length === 2);
  for (const open of doors) open();
  await kit.engine.whenQuiet();
});

test("concurrency: 0 is no limit, and a run that wakes needs a slot again", async () => {
  const doors: (() => void)[] = [];
  const free = inngest.createFunction(
    { id: "free", concurrency: 0 },
    { event: "go" },
    () => new Promise<void>((resolve) => doors.push(resolve)),
  );
  let atOnce = 0;
  let most = 0;
  const fn = inngest.createFunction(
    { id: "f", concurrency: { limit: 1 } },
    { event: "go" },
    async ({ step }) => {
      await step.sleep("s", "1h");
      await step.run("a", async () => {
        most = Math.max(most, ++atOnce);
        await Promise.resolve();
        atOnce--;
      });
    },
  );
  await using kit = await InngestKit.start([free, fn]);
  await send({}, {}, {});
  await vi.waitUntil(() => doors.length === 3);
  for (const open of doors) open();
  await kit.engine.whenQuiet();
  expect(await countOf(kit, "waiting")).toBe(3);
  await kit.advance(HOUR);
  expect([await countOf(kit, "completed"), most]).toEqual([3, 1]);
});

test("throttle.key: each value has its own turn; without burst one starts at a time", async () => {
  const fn = inngest.createFunction(
    { id: "f", throttle: { limit: 1, period: "10s", key: "event.data.user" } },
    { event: "go" },
    () => 1,
  );
  await using kit = await InngestKit.start([fn]);
  await send({ user: "a" }, { user: "a" }, { user: "b" }, { user: "b" }, { user: "b" });
  await kit.engine.whenQuiet();
  expect(await countOf(kit, "completed")).toBe(2);
  await kit.advance(10 * SECOND);
  expect(await countOf(kit, "completed")).toBe(4);
  await kit.advance(10 * SECOND);
  expect(await countOf(kit, "completed")).toBe(5);
});

test("throttle: `limit` at once, then one every period / limit", async () => {
  const fn = inngest.createFunction(
    { id: "f", throttle: { limit: 4, period: "40s" } },
    { event: "go" },
    () => 1,
  );
  await using kit = await InngestKit.start([fn]);
  await send({}, {}, {}, {}, {}, {});
  await kit.engine.whenQuiet();
  expect(await countOf(kit, "completed")).toBe(4);
  await kit.advance(10 * SECOND);
  expect(await countOf(kit, "completed")).toBe(5);
  await kit.advance(10 * SECOND);
  expect(await countOf(kit, "completed")).toBe(6);
});

test.each(["gcra", "window"] as const)(
  "rateLimit.key, %s: a key that is false lets all start",
  async (mode) => {
    const fn = inngest.createFunction(
      {
        id: "f",
        rateLimit: {
          limit: 1,
          period: "1h",
          mode,
          key: "event.data.free ? false : event.data.user",
        },
      },
      { event: "go" },
      () => 1,
    );
    await using kit = await InngestKit.start([fn]);
    const [free, a, b] = [{ free: true }, { user: "a" }, { user: "b" }];
    await send(free, free, a, a, b, a);
    expect(await kit.runs("app-f")).toHaveLength(4);
    await kit.advance(HOUR);
    await send(a);
    expect(await kit.runs("app-f")).toHaveLength(5);
  },
);

test("debounce.key: one waits for each value; the newest by its ts is taken", async () => {
  const fn = inngest.createFunction(
    { id: "f", debounce: { period: "10s", key: "event.data.user" } },
    { event: "go" },
    ({ event }) => [event.data.user, event.data.n],
  );
  await using kit = await InngestKit.start([fn]);
  const now = kit.clock.now();
  await inngest.send([
    { name: "go", data: { user: "a", n: 1 }, ts: now - 1_000 },
    { name: "go", data: { user: "a", n: 2 }, ts: now },
    // It happened before the others, and was told last.
    { name: "go", data: { user: "a", n: 3 }, ts: now - 5_000 },
    { name: "go", data: { user: "b", n: 4 } },
  ]);
  await kit.advance(20 * SECOND);
  const outputs = (await kit.runs("app-f")).map(({ output }) => output);
  expect(new Set(outputs)).toEqual(new Set(['["a",2]', '["b",4]']));
});

test("singleton: without a key, by key, and not where the key is false", async () => {
  const make = (id: string, key?: string) =>
    inngest.createFunction({ id, singleton: { mode: "skip", key } }, { event: "go" }, ({ step }) =>
      step.sleep("s", "1h"),
    );
  await using kit = await InngestKit.start([
    make("all"),
    make("each", "event.data.user"),
    make("some", "event.data.user == 'a'"),
  ]);
  for (const user of ["a", "b", "b", "a"]) {
    await send({ user });
    await kit.engine.whenQuiet();
  }
  const waiting = async (id: string) =>
    (await kit.runs(id)).filter(({ state }) => state === "waiting").length;
  expect([await waiting("app-all"), await waiting("app-each"), await waiting("app-some")]).toEqual([
    1, 2, 3,
  ]);
});

test("idempotency: comes before rateLimit, and a missing key lets all start", async () => {
  const fn = inngest.createFunction(
    { id: "f", idempotency: "event.data.order", rateLimit: { limit: 1, period: "24h" } },
    { event: "go" },
    () => 1,
  );
  await using kit = await InngestKit.start([fn]);
  await send({ order: "a" }, { order: "b" }, { order: "a" }, {}, {});
  expect(await kit.runs("app-f")).toHaveLength(4);
});

test("priority: a run may be put behind others, within bounds", async () => {
  const order: unknown[] = [];
  let open = (): void => {};
  const fn = inngest.createFunction(
    { id: "f", concurrency: 1, priority: { run: "event.data.priority" } },
    { event: "go" },
    async ({ event }) => {
      order.push(event.data.n);
      if (event.data.n === 0) await new Promise<void>((resolve) => (open = resolve));
    },
  );
  await using kit = await InngestKit.start([fn]);
  await send({ n: 0, priority: 0 });
  await vi.waitUntil(() => order.length === 1);
  await send(
    { n: 1, priority: -60 },
    { n: 2 },
    { n: 3, priority: "of no use" },
    { n: 4, priority: 1e12 },
    { n: 5, priority: 60 },
  );
  open();
  await kit.engine.whenQuiet();
  expect(order).toEqual([0, 4, 5, 2, 3, 1]);
});
