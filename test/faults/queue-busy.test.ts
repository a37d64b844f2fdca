/** Others hold the file: a long write transaction, or a reader that keeps the WAL from being moved into the file. */
import { statSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { withBackend } from "bullmq";
import { expect, test } from "vitest";
import { QueueEngine } from "../../src/queue/engine.ts";
import { SqliteQueueBackend } from "../../src/queue/index.ts";
import { SqliteStore } from "../../src/storage/sqlite/store.ts";
import { checkFile } from "./queue-check-file.ts";
import { faultsKit, Queue, uniqueName, until, Worker } from "./queue-kit.ts";
import { Child } from "./queue-processes.ts";

const kit = faultsKit();

/** The event loop may be late by as much as a commit takes on a slow disk. */
const LATEST_MS = 250;

async function holder(path: string, lock: "read" | "write"): Promise<Child> {
  const child = new Child("queue-lock-holder", { path, lock });
  await child.next("ready");
  return child;
}

test("who writes waits for another's transaction, and the event loop does not", async () => {
  const { path, connection } = kit.place();
  const queue = kit.closing(new Queue(uniqueName("busy"), { connection }));
  const worker = kit.closing(new Worker(queue.name, async ({ data }) => data, { connection }));
  await queue.add("before", {});
  await until("the first is done", async () => (await queue.getCompletedCount()) === 1);
  const other = await holder(path, "write");
  await other.ask({ type: "hold" });

  const delays = monitorEventLoopDelay({ resolution: 5 });
  delays.enable();
  let done = 0;
  const adds = Array.from({ length: 100 }, (_, n) => queue.add("n", { n }).then(() => done++));
  // Time passes, as long as the other takes; nothing is to happen meanwhile.
  await pause(1000);
  delays.disable();
  expect(done).toBe(0);
  expect(delays.max / 1e6).toBeLessThan(LATEST_MS);
  // What only reads does not wait.
  expect(await queue.getJobCounts("completed", "waiting")).toEqual({ completed: 1, waiting: 0 });

  await other.ask({ type: "release" });
  await Promise.all(adds);
  await until("all are done", async () => (await queue.getCompletedCount()) === 101);
  expect(worker.isRunning()).toBe(true);
  expect(checkFile(path)).toEqual([]);
});

test("beyond the busy timeout the call fails with a code that says to try again", async () => {
  const { path } = kit.place();
  const store = SqliteStore.open({ path, busyTimeoutMs: 300 });
  const engine = QueueEngine.of(store);
  const bullmq = withBackend(
    (name: string, opts: object) =>
      new SqliteQueueBackend({
        engine,
        name,
        opts,
        isWaiting: false,
        release: () => store.close(),
      }),
  );
  const queue = kit.closing(new bullmq.Queue(uniqueName("busy"), { connection: {} }));
  await queue.add("before", {});
  const other = await holder(path, "write");
  await other.ask({ type: "hold" });
  const failures = await Promise.allSettled([queue.add("a", {}), queue.add("b", {})]);
  for (const failure of failures) {
    expect(failure).toMatchObject({
      status: "rejected",
      reason: { code: "STORE_BUSY_TIMEOUT", retryable: true },
    });
  }
  await other.ask({ type: "release" });
  await queue.add("after", {});
  expect((await queue.getWaiting()).map(({ name }) => name)).toEqual(["before", "after"]);
  expect(checkFile(path)).toEqual([]);
});

test("a holder that is killed does not hold any longer", async () => {
  const { path, connection } = kit.place();
  const queue = kit.closing(new Queue(uniqueName("busy"), { connection }));
  await queue.waitUntilReady();
  const other = await holder(path, "write");
  await other.ask({ type: "hold" });
  const added = queue.add("a", {});
  await other.kill();
  await added;
  expect(checkFile(path)).toEqual([]);
});

test("a reader that never ends keeps the WAL growing, and nothing else from working", async () => {
  const { path, connection } = kit.place();
  const queue = kit.closing(new Queue(uniqueName("busy"), { connection }));
  const worker = kit.closing(
    new Worker(queue.name, async () => "x".repeat(100), { connection, concurrency: 50 }),
  );
  await queue.add("first", {});
  await until("the first is done", async () => (await queue.getCompletedCount()) === 1);
  const reader = await holder(path, "read");
  await reader.ask({ type: "hold" });

  const wal = () => statSync(`${path}-wal`).size;
  const addMany = async (count: number) => {
    const before = await queue.getCompletedCount();
    for (let n = 0; n < count; n += 500) {
      await queue.addBulk(
        Array.from({ length: 500 }, () => ({ name: "n", data: { filler: "y".repeat(500) } })),
      );
    }
    await until("all are done", async () => (await queue.getCompletedCount()) === before + count);
  };
  await addMany(10_000);
  const starved = wal();
  // Automatic checkpoints come every 1,000 pages; this many more means that none went through.
  expect(starved).toBeGreaterThan(3 * 1000 * 4096);

  await reader.ask({ type: "release" });
  await addMany(2000);
  const freed = wal();
  await addMany(4000);
  // Now it is written over from its beginning.
  expect(wal()).toBeLessThanOrEqual(freed + 2 * 1000 * 4096);
  expect(worker.isRunning()).toBe(true);
  expect(checkFile(path)).toEqual([]);
});
