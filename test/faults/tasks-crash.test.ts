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
const cases = [...WAITS.map((wait) => [wait]), WAITS].map((waits) => ({
  waits,
  where: waits.join(" and "),
}));

test.each(cases)("killed in $where", async ({ waits }) => {
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
    await until(`the run waits in ${wait}`, () => isWaiting(wait));
    await worker.kill();
    worker = await start();
  }
  await until("the run waits for the token", () => isWaiting("wait.forToken:"));
  const tokens = await store.stores.tokens.list({ limit: 10 });
  expect(tokens).toHaveLength(1);
  worker.send({ type: "complete", token: tokens[0]!.id });
  await worker.next("complete");
  await until("the run is over", async () => (await store.getRun(id))!.finishedAt !== undefined);

  const run = (await store.getRun(id))!;
  expect([run.state, unpackText(run.output)]).toEqual([
    "completed",
    { charge: { at: new Date(0) }, all: [25, 36, 49], answer: "approved" },
  ]);
  expect(await store.listRuns({ functionId: "square", limit: 10 })).toHaveLength(3);
  const began = readNotes(place.ledger).map(({ what }) => what);
  const count = (what: string): number => began.filter((other) => other === what).length;
  expect(["charge", "square 5", "square 6", "square 7"].map(count)).toEqual([1, 1, 1, 1]);
  // What is in no step runs again with each process.
  expect(count("code")).toBe(1 + waits.length);

  await store.close();
  await sqlite.close();
  worker.send({ type: "close" });
  expect(await worker.end()).toEqual({ code: 0, signal: null });
});
