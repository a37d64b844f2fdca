/**
 * Several processes execute runs of one file while one after the other is killed at a random time, the sender too:
 * every event that was acknowledged has its run, every run ends with the right output, and no body begins after its
 * result was seen.
 */
import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "vitest";
import { SqliteRunStore } from "../../src/runs/store/sqlite/sqlite-run-store.ts";
import { MAX_LOSSES } from "../../src/runs/worker.ts";
import { openConnection } from "../../src/storage/sqlite/connection.ts";
import { SqliteStore } from "../../src/storage/sqlite/store.ts";
import { faultsKit, type Place, until } from "./queue-kit.ts";
import { Child } from "./queue-processes.ts";
import { readNotes } from "./runs-ledger.ts";

const kit = faultsKit();
const WORKERS = 3;
const KILLS = 8;
const KEYS = Array.from({ length: 400 }, (_, n) => `key-${n}`);

/** Unfinished runs that lost their process so often since their last step, or will have when the dead one is noticed. */
const AT_RISK = `SELECT count(*) FROM run LEFT JOIN process ON process.id = run.owner
  WHERE finished_at IS NULL AND losses + (run.owner IS NOT NULL AND
    ifnull(process.pid, 0) NOT IN (SELECT value FROM json_each(?))) >= ${MAX_LOSSES - 1}`;

test("killed at random", async () => {
  const place = kit.place();
  const start = (isWorker: boolean) =>
    new Child("runs-worker", { url: place.connection, ledger: place.ledger, isWorker });
  const sender = start(false);
  await sender.next("ready");
  const workers = Array.from({ length: WORKERS }, () => start(true));
  await Promise.all(workers.map((worker) => worker.next("ready")));
  sender.send({ type: "send", keys: KEYS });

  for (let kill = 0; kill < KILLS; kill++) {
    // One more loss would end them, as it should. No other kill comes meanwhile, so that they can only get out of it.
    const pids = workers.map(({ pid }) => pid);
    await until("runs that lost most go on", () => atRisk(place, pids) === 0);
    await pause(100 + Math.random() * 400);
    await workers.shift()!.kill();
    const next = start(true);
    workers.push(next);
    await next.next("ready");
  }
  await sender.kill();

  const { runs, close } = open(place);
  await until("all runs are over", async () =>
    (await runs()).every(({ finishedAt }) => finishedAt !== undefined),
  );
  const ended = await runs();
  await close();
  for (const worker of workers) {
    worker.send({ type: "close" });
    expect(await worker.end()).toEqual({ code: 0, signal: null });
  }

  const notes = readNotes(place.ledger);
  const keysOf = (kind: string) =>
    notes.filter((entry) => entry.kind === kind).map(({ what }) => what);
  expect(ended.filter(({ state }) => state !== "completed")).toEqual([]);
  const outputs = ended.map(({ output }) => JSON.parse(output!) as { key: string; sum: number });
  const keys = outputs.map(({ key }) => key);
  expect(new Set(outputs.map(({ sum }) => sum))).toEqual(new Set([10]));
  expect(new Set(keys).size).toBe(keys.length);
  expect(keysOf("sent").filter((key) => !keys.includes(key))).toEqual([]);
  // What was asked for last may or may not have been committed.
  expect(keysOf("sending").length - keys.length).toBeLessThanOrEqual(1);

  const seen = new Map<string, number>();
  for (const { kind, what, at } of notes)
    if (kind === "saw") seen.set(what, Math.min(at, seen.get(what) ?? Infinity));
  const again = notes.filter(
    ({ kind, what, at }) => kind === "began" && at > (seen.get(what) ?? Infinity),
  );
  expect(again).toEqual([]);
  expect(seen.size).toBe(4 * keys.length);
});

function atRisk({ path }: Place, alive: readonly number[]): number {
  const connection = openConnection({ path, readOnly: true });
  try {
    return connection.sql(AT_RISK).get(JSON.stringify(alive))![0] as number;
  } finally {
    connection.close();
  }
}

function open({ path }: Place) {
  const sqlite = SqliteStore.open({ path });
  const store = new SqliteRunStore(sqlite);
  return {
    runs: () => store.listRuns({ limit: 1_000 }),
    close: async () => {
      await store.close();
      await sqlite.close();
    },
  };
}
