/**
 * A process dies with a job in its hands: the job runs again within a second, in a process that was there or in one
 * that is started later, and the death counts as a stall.
 */
import { expect, test } from "vitest";
import { audit } from "./queue-audit.ts";
import { checkFile } from "./queue-check-file.ts";
import { faultsKit, Queue, uniqueName, until, type Place, type TestQueue } from "./queue-kit.ts";
import { Ledger } from "./queue-ledger.ts";
import type { WorkerSetting } from "./programs/queue-worker.ts";
import { Child } from "./queue-processes.ts";

const kit = faultsKit();

/** How soon a job has to run again. */
const SOON_MS = 1000;

const now = () => performance.timeOrigin + performance.now();

interface Scene {
  readonly place: Place;
  readonly queue: TestQueue;
  add(key: string): Promise<void>;
  worker(name: string, setting: Partial<WorkerSetting>, env?: Record<string, string>): Child;
}

function scene(): Scene {
  const place = kit.place();
  const { connection, ledger: folder } = place;
  const queue = kit.closing(new Queue(uniqueName("recovery"), { connection }));
  const ledger = new Ledger(folder, "producer");
  return {
    place,
    queue,
    async add(key) {
      ledger.write("adding", key);
      await queue.add("job", { key });
      ledger.write("added", key);
    },
    worker(name, setting, env = {}) {
      const whole: WorkerSetting = {
        ...{
          connection,
          ledger: folder,
          queue: queue.name,
          name,
          handler: "quick",
          isTalkative: true,
        },
        ...setting,
      };
      return new Child("queue-worker", whole, { env });
    },
  };
}

/** Starts a worker and waits until it has the job in its hands. */
async function start(worker: Child): Promise<void> {
  await worker.next("ready");
  worker.send({ type: "go" });
  await worker.next("started");
}

const problemsOf = ({ place }: Scene): string[] => [
  ...audit(place).problems,
  ...checkFile(place.path),
];

test("in a process that was there", async () => {
  const it = scene();
  await it.add("a");
  const dies = it.worker("dies", { handler: "hold" });
  const survives = it.worker("survives", {});
  await start(dies);
  await survives.next("ready");
  survives.send({ type: "go" });

  const killedAt = now();
  dies.signal("SIGKILL");
  const again = await survives.next("started");
  const afterMs = (again["at"] as number) - killedAt;
  console.log(`a surviving process started the job again after ${Math.round(afterMs)} ms`);
  expect(afterMs).toBeLessThan(SOON_MS);
  expect(again).toMatchObject({ key: "a", attemptsStarted: 2 });
  await survives.next("completed");
  expect(await it.queue.getJob("1")).toMatchObject({ stalledCounter: 1, attemptsMade: 1 });
  expect(problemsOf(it)).toEqual([]);
});

test("in a process that is started later", async () => {
  const it = scene();
  await it.add("a");
  const dies = it.worker("dies", { handler: "hold" });
  await start(dies);
  const killedAt = now();
  await dies.kill();

  const later = it.worker("later", {});
  const { openingAt } = await later.next("ready");
  later.send({ type: "go" });
  const { at } = await later.next("started");
  const afterMs = (at as number) - (openingAt as number);
  console.log(
    `a new process started the job again ${Math.round(afterMs)} ms after it opened the file, ` +
      `${Math.round((at as number) - killedAt)} ms after the kill`,
  );
  expect(afterMs).toBeLessThan(SOON_MS);
  await later.next("completed");
  expect(problemsOf(it)).toEqual([]);
});

test("when the process gave its worker up by force and left", async () => {
  const it = scene();
  await it.add("a");
  const leaves = it.worker("leaves", { handler: "hold" });
  await start(leaves);
  const survives = it.worker("survives", {});
  await survives.next("ready");
  survives.send({ type: "go" });
  await leaves.ask({ type: "give-up" });
  await leaves.end();
  await survives.next("started", SOON_MS);
  await survives.next("completed");
  expect(problemsOf(it)).toEqual([]);
});

test("many jobs, each once, at the front of the line", async () => {
  const it = scene();
  const keys = Array.from({ length: 40 }, (_, index) => `job-${index}`);
  for (const key of keys) await it.add(key);
  const dies = it.worker("dies", { handler: "hold", options: { concurrency: 20 } });
  await dies.next("ready");
  dies.send({ type: "go" });
  await until("twenty are active", async () => (await it.queue.getActiveCount()) === 20);
  const survives = it.worker("survives", {});
  await survives.next("ready");
  await dies.kill();
  await until("twenty are given back", async () => (await it.queue.getWaitingCount()) === 40);
  survives.send({ type: "go" });
  await until("all are done", async () => (await it.queue.getCompletedCount()) === 40);
  await survives.ask({ type: "close" });
  const starts = audit(it.place).entries.filter(
    ({ kind, by }) => kind === "started" && by === "survives",
  );
  expect(starts.map(({ key }) => key)).toEqual(keys);
  expect(problemsOf(it)).toEqual([]);
});

test("a job that always kills its process fails at its second death", async () => {
  const it = scene();
  await it.add("deadly");
  await it.add("harmless");
  for (const name of ["first", "second"]) {
    const victim = it.worker(name, { handler: "deadly" });
    await victim.next("ready");
    victim.send({ type: "go" });
    expect(await victim.end()).toMatchObject({ signal: "SIGKILL" });
  }
  const third = it.worker("third", {});
  await third.next("ready");
  third.send({ type: "go" });
  expect(await third.next("failed")).toMatchObject({
    key: "deadly",
    reason: "job stalled more than allowable limit",
  });
  expect(await third.next("completed")).toMatchObject({ key: "harmless" });
  expect(await it.queue.getJob("1")).toMatchObject({ stalledCounter: 2 });
  const starts = audit(it.place).entries.filter(
    ({ kind, key }) => kind === "started" && key === "deadly",
  );
  expect(starts).toHaveLength(2);
  expect(problemsOf(it)).toEqual([]);
});

test("maxStalledCount of the worker that died holds", async () => {
  const it = scene();
  await it.add("deadly");
  const options = { maxStalledCount: 3 };
  for (const name of ["first", "second", "third", "fourth"]) {
    const victim = it.worker(name, { handler: "deadly", options });
    await victim.next("ready");
    victim.send({ type: "go" });
    expect(await victim.end()).toMatchObject({ signal: "SIGKILL" });
  }
  const last = it.worker("last", { options });
  await last.next("ready");
  last.send({ type: "go" });
  await last.next("failed");
  expect(problemsOf(it)).toEqual([]);
});

test.each(["before-commit", "after-commit"])(
  "whoever takes over may die as well (take-over:%s)",
  async (moment) => {
    const it = scene();
    await it.add("a");
    const first = it.worker("first", { handler: "hold" });
    await start(first);
    await first.kill();
    const heir = it.worker("heir", {}, { LONGHAUL_CRASH_AT: `take-over:${moment}` });
    expect(await heir.end()).toMatchObject({ signal: "SIGKILL" });
    const last = it.worker("last", {});
    await last.next("ready");
    last.send({ type: "go" });
    await last.next("completed");
    // The heir had not taken the job: only one attempt died with its process.
    expect(await it.queue.getJob("1")).toMatchObject({ stalledCounter: 1 });
    expect(problemsOf(it)).toEqual([]);
  },
);
