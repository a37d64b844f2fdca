/**
 * A process that executes a task is killed while the task waits: for a time, a child, a batch, a token, and for each in
 * turn. The next process goes on: the output is right, and nothing was made twice.
 */
import { expect, test } from "vitest";
import { SqliteRunStore } from "../../src/runs/store/sqlite/sqlite-run-store.ts";
import { SqliteStore } from "../../src/storage/sqlite/store.ts";
import { unpackText } from "../../src/trigger/payload.ts";
import { faultsKit, until } from "./queue-kit.ts";
import { Child } from "./queue-processes.ts";
import { readNotes } from "./runs-ledger.ts";

const kit = faultsKit();

/** What the keys of the steps begin with in which the process is killed. */
const WAITS = ["wait.for:", "triggerAndWait:", "batchTriggerAndWait:", "wait.forToken:"];

// At once, because most of the time is waited.
test("killed in each wait, and in all of them in turn", async () => {
  await Promise.all([...WAITS.map((wait) => [wait]), WAITS].map(killIn));
});

async function killIn(waits: readonly string[]): Promise<void> {
  const where = `killed in ${waits.join(" and ")}`;
  const place = kit.place();
  const start = async (): Promise<Child> => {
    const child = new Child("tasks-worker", { url: place.connection, ledger: place.ledger });
    await child.next("ready");
    return child;
  };
  let worker = await start();
  const sqlite = SqliteStore.open({ path: place.path });
  const store = new SqliteRunStore(sqlite);
  worker.send({ type: "trigger" });
  const id = (await worker.next("trigger"))["id"] as string;

  const isWaiting = async (prefix: string): Promise<boolean> => {
    const run = await store.getRun(id);
    return run!.journal.some(({ key, state }) => key.startsWith(prefix) && state === "pending");
  };
  for (const wait of waits) {
    await until(`${where}: it waits in ${wait}`, () => isWaiting(wait));
    await worker.kill();
    worker = await start();
  }
  await until(`${where}: it waits for the token`, () => isWaiting("wait.forToken:"));
  const tokens = await store.stores.tokens.list({ limit: 10 });
  worker.send({ type: "complete", token: tokens[0]!.id });
  await worker.next("complete");
  await until(
    `${where}: it is over`,
    async () => (await store.getRun(id))!.finishedAt !== undefined,
  );

  const run = (await store.getRun(id))!;
  const began = readNotes(place.ledger).map(({ what }) => what);
  const count = (what: string): number => began.filter((other) => other === what).length;
  expect({
    where,
    state: run.state,
    output: unpackText(run.output),
    tokens: tokens.length,
    children: (await store.listRuns({ functionId: "square", limit: 10 })).length,
    steps: ["charge", "square 5", "square 6", "square 7"].map(count),
    code: count("code"),
  }).toEqual({
    where,
    state: "completed",
    output: { charge: { at: new Date(0) }, all: [25, 36, 49], answer: "approved" },
    tokens: 1,
    children: 3,
    steps: [1, 1, 1, 1],
    // What is in no step runs again with each process.
    code: 1 + waits.length,
  });

  await store.close();
  await sqlite.close();
  worker.send({ type: "close" });
  expect(await worker.end()).toEqual({ code: 0, signal: null });
}
