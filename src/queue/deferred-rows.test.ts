import fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import { SqliteStore } from "../storage/sqlite/store.ts";
import { addJob } from "./add/add.ts";
import { claimNext } from "./process/claim.ts";
import { finishJob } from "./process/finish.ts";
import { State } from "./states.ts";
import { QueueTransaction, queueRef } from "./transaction.ts";

const NOW = 1_700_000_000_000;
const QUEUES = [queueRef("bull", "a"), queueRef("bull", "b")];
const TABLES = ["job", "pending", "active", "finished"];

interface Operation {
  readonly what: "add" | "add-custom" | "add-delayed" | "add-first" | "claim" | "finish" | "fail";
  readonly queue: number;
  readonly job: number;
}

const operation: fc.Arbitrary<Operation> = fc.record({
  what: fc.constantFrom(
    "add",
    "add",
    "add",
    "add-custom",
    "add-delayed",
    "add-first",
    "claim",
    "claim",
    "finish",
    "finish",
    "fail",
  ),
  queue: fc.nat(1),
  job: fc.integer({ min: 1, max: 6 }),
});

function run(tx: QueueTransaction, { what, queue: index, job }: Operation): unknown {
  const queue = tx.queueAtWork(QUEUES[index]!);
  const added = { name: "job", data: "{}", timestamp: NOW };
  const id = String(job);
  const claim = { token: "token", lockDurationMs: 30_000 };
  switch (what) {
    case "add":
      return addJob(tx, queue, { ...added, opts: {} }, undefined);
    case "add-custom":
      return addJob(tx, queue, { ...added, opts: {} }, `job-${job}`);
    case "add-delayed":
      return addJob(tx, queue, { ...added, opts: { delay: 1000 } }, undefined);
    case "add-first":
      return addJob(tx, queue, { ...added, opts: { lifo: true } }, undefined);
    case "claim":
      return claimNext(tx, queue, claim)[1];
    default: {
      const state = what === "finish" ? State.completed : State.failed;
      const end = { jobId: id, state, result: "null", token: "token", keep: {}, attempts: 1 };
      return finishJob(tx, queue, { ...end, next: claim })?.[1];
    }
  }
}

/** Runs operations, so many in one transaction, and tells what they returned and what is stored after all. */
async function outcomeOf(operations: readonly Operation[], together: number) {
  const clock = { now: () => NOW, after: () => () => {} };
  const store = SqliteStore.open({ path: ":memory:", clock });
  const tx = new QueueTransaction(store);
  store.attach(tx);
  const results: unknown[] = [];
  for (let at = 0; at < operations.length; at += together) {
    const batch = operations.slice(at, at + together);
    const settled = await Promise.allSettled(
      batch.map((each) => store.write("test", () => run(tx, each))),
    );
    for (const result of settled)
      results.push(result.status === "fulfilled" ? result.value : String(result.reason));
  }
  const tables = TABLES.map((table) =>
    store.connection.sql(`SELECT * FROM ${table} ORDER BY 1, 2, 3, 4`).all(),
  );
  await store.close();
  return { results, tables };
}

test("whatever shares a transaction ends as it would alone", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(operation, { maxLength: 80 }), async (operations) => {
      expect(await outcomeOf(operations, 80)).toEqual(await outcomeOf(operations, 1));
    }),
    { numRuns: 300 },
  );
});

test("jobs that are claimed and finished by one transaction leave no lock", async () => {
  const steps = ["add", "add", "claim", "finish", "claim", "finish"] as const;
  const operations = steps.map((what, at) => ({ what, queue: 0, job: at < 4 ? 1 : 2 }));
  const { tables } = await outcomeOf(operations, operations.length);
  expect(tables.map((rows) => rows.length)).toEqual([2, 0, 0, 2]);
});

test("rows of a transaction that is undone are not written by the next", async () => {
  const store = SqliteStore.open({ path: ":memory:" });
  onTestFinished(() => store.close());
  const tx = new QueueTransaction(store);
  store.attach(tx);
  const add = { what: "add", queue: 0, job: 0 } as const;
  const undone = store.write("test", () => {
    run(tx, add);
    throw new Error("bug");
  });
  await expect(undone).rejects.toThrow("bug");
  await store.write("test", () => run(tx, add));
  expect(store.connection.sql("SELECT pk, id FROM job").all()).toEqual([[1, 1]]);
});
