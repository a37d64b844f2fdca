import { join } from "node:path";
import { expect, test } from "vitest";
import { define, EngineKit } from "../../test/support/engine-kit.ts";
import { Gate } from "../../test/support/gate.ts";
import { tempFolder } from "../../test/support/temp-folder.ts";
import { openConnection } from "../storage/sqlite/connection.ts";
import { SqliteStore } from "../storage/sqlite/store.ts";
import { RunEngine } from "./engine.ts";
import { SqliteRunStore } from "./store/sqlite/sqlite-run-store.ts";

const DAY_MS = 86_400_000;
const LEASE_MS = 10_000;

/** A second engine on the same store, as another process would have. */
function secondEngine(kit: EngineKit, ...definitions: Parameters<typeof define>[]): RunEngine {
  const engine = new RunEngine({ store: kit.store, clock: kit.clock, retention: false });
  engine.register(definitions.map((definition) => define(...definition)));
  return engine;
}

test("closing finishes bodies that run, and gives their runs back for others to go on", async () => {
  const gate = new Gate<string>();
  const bodies: string[] = [];
  const handler: Parameters<typeof define>[1] = async (run) => {
    const slow = await run.run("slow", () => {
      bodies.push("slow");
      return gate.pass();
    });
    return run.run("next", () => {
      bodies.push("next");
      return `${String(slow)} and next`;
    });
  };
  await using kit = await EngineKit.start([define("f", handler)]);
  const id = await kit.begin("f");
  await gate.reached;
  const closed = kit.engine.close();
  gate.open("slow");
  await closed;
  expect(await kit.store.getRun(id)).toMatchObject({ state: "queued", journal: [{ key: "slow" }] });
  expect(bodies).toEqual(["slow"]);

  await using other = secondEngine(kit, ["f", handler]);
  await other.start();
  expect(await kit.store.waitForEnd(id)).toBe("completed");
  expect(await kit.store.getRun(id)).toMatchObject({ output: '"slow and next"' });
  expect(bodies).toEqual(["slow", "next"]);
});

test("closing lets a handler without steps end, and stores what waits", async () => {
  const gate = new Gate<string>();
  const napping = new Gate();
  await using kit = await EngineKit.start([
    define("plain", () => gate.pass()),
    define("naps", (run) => {
      void napping.pass();
      return run.sleepUntil("nap", run.event.ts + 500);
    }),
  ]);
  const plain = await kit.begin("plain");
  const naps = await kit.begin("naps");
  await Promise.all([gate.reached, napping.reached]);
  const closed = kit.engine.close();
  gate.open("done");
  await closed;
  expect(await kit.store.getRun(plain)).toMatchObject({ state: "completed", output: '"done"' });
  expect(await kit.store.getRun(naps)).toMatchObject({ state: "waiting" });
});

test("after its time, closing gives runs back as they are; what their bodies come to is refused", async () => {
  const gate = new Gate<string>();
  let bodies = 0;
  let signal: AbortSignal | undefined;
  await using kit = await EngineKit.start([
    define("f", (run) => {
      signal = run.signal;
      return run.run("slow", () => (bodies++ === 0 ? gate.pass() : "second"));
    }),
  ]);
  const id = await kit.begin("f");
  await gate.reached;
  const closed = kit.engine.close({ timeoutMs: 1_000 });
  await kit.clock.advance(1_000);
  await closed;
  expect(signal!.aborted).toBe(true);
  gate.open("first");
  await using other = secondEngine(kit, ["f", (run) => run.run("slow", () => "second")]);
  await other.start();
  await kit.store.waitForEnd(id);
  expect(await kit.store.getRun(id)).toMatchObject({ output: '"second"' });
});

test("close is idempotent and leaves no timer behind", async () => {
  const kit = await EngineKit.start([define("f", (run) => run.run("a", () => 1))]);
  await kit.run(await kit.begin("f"));
  await Promise.all([kit.engine.close(), kit.engine.close()]);
  await kit[Symbol.asyncDispose]();
  expect(kit.clock.pendingTimers).toBe(0);
  await expect(kit.engine.start()).rejects.toMatchObject({ code: "STORE_CLOSED" });
});

test("a canceled run stops: its signal aborts, its steps go nowhere", async () => {
  const gate = new Gate<string>();
  const later: string[] = [];
  let left = 0;
  let signal: AbortSignal | undefined;
  await using kit = await EngineKit.start([
    define("f", async (run) => {
      signal = run.signal;
      run.onLeave(() => left++);
      await run.run("slow", () => gate.pass());
      later.push("went on");
    }),
  ]);
  const id = await kit.begin("f");
  await gate.reached;
  expect(await kit.engine.cancel(id, "changed my mind")).toBe(true);
  expect(signal!.aborted).toBe(true);
  expect(left).toBe(1);
  gate.open("late");
  expect(await kit.run(id)).toMatchObject({ state: "canceled", journal: [] });
  expect(later).toEqual([]);
  expect(await kit.engine.cancel(id)).toBe(false);
});

test("a run that waits can be canceled", async () => {
  await using kit = await EngineKit.start([
    define("naps", (run) => run.sleepUntil("nap", run.event.ts + DAY_MS)),
  ]);
  const id = await kit.begin("naps");
  await kit.run(id);
  expect(await kit.engine.cancel(id)).toBe(true);
  await kit.advance(2 * DAY_MS);
  expect(await kit.run(id)).toMatchObject({ state: "canceled" });
});

test("a lease is renewed for as long as a body runs", async () => {
  const gate = new Gate<string>();
  let bodies = 0;
  await using kit = await EngineKit.start([
    define("f", (run) =>
      run.run("slow", () => {
        bodies++;
        return gate.pass();
      }),
    ),
  ]);
  const id = await kit.begin("f");
  await gate.reached;
  await kit.clock.advance(10 * LEASE_MS);
  gate.open("done");
  expect(await kit.run(id)).toMatchObject({ state: "completed", output: '"done"' });
  expect(bodies).toBe(1);
});

test("a holder that lost its lease writes nothing more, and its run is executed again", async () => {
  const gates = [new Gate<string>(), new Gate<string>()];
  const signals: AbortSignal[] = [];
  await using kit = await EngineKit.start([
    define("f", (run) => {
      const gate = gates[signals.length]!;
      signals.push(run.signal);
      return run.run("slow", () => gate.pass());
    }),
  ]);
  const id = await kit.begin("f");
  await gates[0]!.reached;
  // Somebody else's clock is ahead, as after a freeze of this process.
  await kit.store.advance({ now: kit.clock.now() + LEASE_MS });
  await gates[1]!.reached;
  expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
  gates[0]!.open("first");
  gates[1]!.open("second");
  expect(await kit.run(id)).toMatchObject({ state: "completed", output: '"second"', attempt: 0 });
});

test("a run that loses its holder three times without a finished step has crashed", async () => {
  const ends: unknown[] = [];
  await using kit = EngineKit.open([
    define("f", (run) => run.run("step", () => 1), {
      endEvents: ({ state, error }) => {
        ends.push([state, error?.code]);
        return [{ name: "start/alarm" }];
      },
    }),
    define("alarm", () => Promise.resolve("heard")),
  ]);
  const id = await kit.begin("f");
  const claim = () =>
    kit.store.claim({ now: kit.clock.now(), functionIds: ["f"], limit: 1, leaseMs: 0 });
  for (let loss = 0; loss < 3; loss++) {
    const [run] = await claim();
    expect(run).toMatchObject({ losses: loss });
    await kit.store.advance({ now: kit.clock.now() });
  }
  await kit.engine.start();
  expect(await kit.run(id)).toMatchObject({ state: "failed", error: { code: "RUN_CRASHED" } });
  expect(ends).toEqual([["failed", "RUN_CRASHED"]]);
  const [alarm] = await kit.store.listRuns({ functionId: "alarm", limit: 1 });
  expect(await kit.run(alarm!.id)).toMatchObject({ output: '"heard"' });
});

test("not more runs than its concurrency are executed at once", async () => {
  const gates = Array.from({ length: 5 }, () => new Gate<number>());
  let running = 0;
  let most = 0;
  await using kit = await EngineKit.start(
    [
      define("f", async (run) => {
        const { n } = run.event.data as { n: number };
        most = Math.max(most, ++running);
        await run.run("body", () => gates[n]!.pass());
        running--;
      }),
    ],
    { concurrency: 2 },
  );
  const ids = [];
  for (let n = 0; n < gates.length; n++) ids.push(await kit.begin("f", { n }));
  for (const gate of gates) {
    await gate.reached;
    gate.open(0);
  }
  for (const id of ids) expect(await kit.store.waitForEnd(id)).toBe("completed");
  expect(most).toBe(2);
});

test("a handler that is busy with something that is no step is not taken for waiting", async () => {
  const gate = new Gate<string>();
  await using kit = await EngineKit.start([
    define("busy", async (run) => {
      await Promise.race([
        run.waitForEvent("slow", { event: "never", timeoutMs: DAY_MS }),
        run.run("fast", () => setImmediate(() => gate.open("plain"))),
      ]);
      return gate.pass();
    }),
  ]);
  const run = await kit.run(await kit.begin("busy"));
  expect(run).toMatchObject({ state: "completed", output: '"plain"' });
  expect(kit.sqlite.connection.sql("SELECT generation FROM run").get()).toEqual([1]);
});

test("one that is busy for longer goes on when it is done, not at the end of a loser's wait", async () => {
  const gate = new Gate<string>();
  let executions = 0;
  await using kit = await EngineKit.start([
    define("busy", async (run) => {
      executions++;
      run.onLeave(() => gate.open("plain"));
      const slow = run.waitForEvent("slow", { event: "never", timeoutMs: DAY_MS });
      const fast = run.run("fast", () => "fast");
      await Promise.race([slow, fast]);
      return [await gate.pass(), await run.run("after", () => "after")];
    }),
  ]);
  const id = await kit.begin("busy");
  expect(await kit.store.waitForEnd(id)).toBe("completed");
  expect(await kit.run(id)).toMatchObject({ output: '["plain","after"]' });
  expect(executions).toBe(2);
});

test.each<[string, () => unknown, object]>([
  ["returns", () => "late", { state: "completed", output: '"late"' }],
  [
    "throws",
    () => {
      throw new Error("late");
    },
    { state: "failed", error: { message: "late" } },
  ],
])("one that %s after it was thought to wait is called again", async (_how, end, outcome) => {
  const gate = new Gate();
  let executions = 0;
  await using kit = await EngineKit.start([
    define("busy", async (run) => {
      executions++;
      run.onLeave(() => gate.open());
      const slow = run.waitForEvent("slow", { event: "never", timeoutMs: DAY_MS });
      await Promise.race([slow, run.run("fast", () => "fast")]);
      await gate.pass();
      return end();
    }),
  ]);
  const id = await kit.begin("busy");
  await kit.store.waitForEnd(id);
  expect(await kit.run(id)).toMatchObject(outcome);
  expect(executions).toBe(2);
});

test("a store that is closed under it ends the engine's executions without noise", async () => {
  const gate = new Gate<string>();
  const kit = await EngineKit.start([define("f", (run) => run.run("slow", () => gate.pass()))]);
  await kit.begin("f");
  await gate.reached;
  await kit.store.close();
  gate.open("late");
  await kit.engine.close();
  expect(kit.errors).toMatchObject([{ code: "STORE_CLOSED" }]);
  await kit[Symbol.asyncDispose]();
});

test("a result that cannot be written now is written later; its body does not run again", async () => {
  const gate = new Gate<string>();
  let bodies = 0;
  const path = join(tempFolder(), "jobs.db");
  const sqlite = SqliteStore.open({ path, busyTimeoutMs: 10 });
  const store = new SqliteRunStore(sqlite);
  const engine = new RunEngine({ store, retention: false });
  engine.register([
    define("f", (run) =>
      run.run("slow", () => {
        bodies++;
        return gate.pass();
      }),
    ),
  ]);
  await engine.start();
  const id = await engine.trigger("f");
  await gate.reached;
  const other = openConnection({ path });
  other.exec("BEGIN IMMEDIATE");
  gate.open("done");
  await expect(engine.send([{ name: "refused" }])).rejects.toMatchObject({
    code: "STORE_BUSY_TIMEOUT",
  });
  other.exec("ROLLBACK");
  other.close();
  expect(await store.waitForEnd(id)).toBe("completed");
  expect(await store.getRun(id)).toMatchObject({ output: '"done"', journal: [{ key: "slow" }] });
  expect(bodies).toBe(1);
  await engine.close();
  await store.close();
  await sqlite.close();
});
