/**
 * A process is frozen (SIGSTOP) for longer than its lease lasts, and another takes its run. Thawed, it must not write:
 * its generation is over.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { SqliteRunStore } from "../../src/runs/store/sqlite/sqlite-run-store.ts";
import { SqliteStore } from "../../src/storage/sqlite/store.ts";
import { faultsKit, type Place, until } from "./queue-kit.ts";
import { Child } from "./queue-processes.ts";
import { readNotes } from "./runs-ledger.ts";

const kit = faultsKit();
const LEASE_MS = 600;
/** The first step is of the first holder, and was not done again; all that follows is the taker's, once. */
const TAKERS = {
  output: { first: "sleeper", second: "taker", third: "taker" },
  began: ["first", "second", "second", "third"],
};

/** A run whose holder is frozen, and that another has taken in hand. */
async function freezeOne() {
  const place = kit.place();
  const shared = { url: place.connection, ledger: place.ledger, leaseMs: LEASE_MS };
  const blockedUntil = join(place.folder, "finish");
  const sleeper = new Child("runs-holder", { ...shared, name: "sleeper", blockedUntil });
  const taker = new Child("runs-holder", { ...shared, name: "taker" });
  await Promise.all([sleeper.next("ready"), taker.next("ready")]);
  await sleeper.ask({ type: "go" });
  await sleeper.ask({ type: "send" });
  const { runId } = await sleeper.next("holding");
  sleeper.signal("SIGSTOP");
  await taker.ask({ type: "go" });
  expect(await taker.next("holding")).toMatchObject({ runId });
  // The body of the frozen process returns as soon as it is thawed.
  writeFileSync(blockedUntil, "");
  return { place, sleeper, taker, runId: runId as string };
}

test("while the other works on it, it writes nothing", async () => {
  const { place, sleeper, taker, runId } = await freezeOne();
  sleeper.signal("SIGCONT");
  await sleeper.next("returning");
  await sleeper.ask({ type: "errors" });
  const journal = await journalOf(place, runId);
  expect(journal.filter(({ state }) => state === "done").map(({ key }) => key)).toEqual(["first"]);
  taker.send({ type: "finish" });
  expect(await outcome(place, runId)).toEqual(TAKERS);
  await close(sleeper, taker);
});

test("after the other finished it, it writes nothing", async () => {
  const { place, sleeper, taker, runId } = await freezeOne();
  taker.send({ type: "finish" });
  expect(await outcome(place, runId)).toEqual(TAKERS);
  sleeper.signal("SIGCONT");
  await sleeper.next("returning");
  await sleeper.ask({ type: "errors" });
  expect(await outcome(place, runId)).toEqual(TAKERS);
  await close(sleeper, taker);
});

test("a process that was frozen goes on with other runs", async () => {
  const { place, sleeper, taker, runId } = await freezeOne();
  sleeper.signal("SIGCONT");
  await sleeper.next("returning");
  await taker.kill();
  // Of the taker's death it hears like everybody else, and gets the run back.
  expect(await sleeper.next("holding")).toMatchObject({ runId });
  sleeper.send({ type: "finish" });
  await until("the run is over", async () => (await read(place, runId)).state === "completed");
  expect(JSON.parse((await read(place, runId)).output!)).toEqual({
    first: "sleeper",
    second: "sleeper",
    third: "sleeper",
  });
  expect((await sleeper.ask({ type: "errors" }))["errors"]).toEqual([]);
  await close(sleeper);
});

async function read({ path }: Place, runId: string) {
  const sqlite = SqliteStore.open({ path });
  const store = new SqliteRunStore(sqlite);
  const run = await store.getRun(runId);
  await store.close();
  await sqlite.close();
  return run!;
}

const journalOf = async (place: Place, runId: string) => (await read(place, runId)).journal;

/** What came of the run once it is over, and the bodies that began. */
async function outcome(place: Place, runId: string) {
  await until("the run is over", async () => (await read(place, runId)).state === "completed");
  const { output } = await read(place, runId);
  const began = readNotes(place.ledger).filter(({ kind }) => kind === "began");
  return { output: JSON.parse(output!) as unknown, began: began.map(({ what }) => what).sort() };
}

async function close(...children: Child[]): Promise<void> {
  for (const child of children) {
    child.send({ type: "close" });
    expect(await child.end()).toEqual({ code: 0, signal: null });
  }
}
