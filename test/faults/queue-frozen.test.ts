/**
 * A worker process is frozen (SIGSTOP) for longer than its locks last, and another takes its job. Thawed, it must not
 * finish what is no longer its own.
 */
import { expect, test } from "vitest";
import { audit } from "./queue-audit.ts";
import { checkFile } from "./queue-check-file.ts";
import { faultsKit, Queue, uniqueName } from "./queue-kit.ts";
import { Ledger } from "./queue-ledger.ts";
import { Child } from "./queue-processes.ts";

const kit = faultsKit();

async function freezeOne() {
  const place = kit.place();
  const { connection, ledger: folder } = place;
  const queue = kit.closing(new Queue(uniqueName("frozen"), { connection }));
  const ledger = new Ledger(folder, "producer");
  ledger.write("adding", "a");
  await queue.add("job", { key: "a" });
  ledger.write("added", "a");
  const worker = (name: string, options: Record<string, unknown>) =>
    new Child("queue-worker", {
      ...{
        connection,
        ledger: folder,
        queue: queue.name,
        name,
        handler: "hold",
        isTalkative: true,
      },
      options: { ...options, maxStalledCount: 5 },
    });
  const sleeper = worker("sleeper", { lockDuration: 300, skipStalledCheck: true });
  const taker = worker("taker", { stalledInterval: 100 });
  await Promise.all([sleeper.next("ready"), taker.next("ready")]);
  sleeper.send({ type: "go" });
  await sleeper.next("started");
  sleeper.signal("SIGSTOP");
  taker.send({ type: "go" });
  expect(await taker.next("started")).toMatchObject({ key: "a", attemptsStarted: 2 });
  // The processor of the frozen process returns as soon as it is thawed.
  sleeper.send({ type: "finish" });
  return { place, queue, sleeper, taker };
}

test("while the other works on it: lock mismatch", async () => {
  const { place, queue, sleeper, taker } = await freezeOne();
  sleeper.signal("SIGCONT");
  expect(await sleeper.next("error")).toMatchObject({ message: expect.stringMatching(/lock/i) });
  await sleeper.ask({ type: "stats" });
  expect(await queue.getJobCounts("active", "completed", "failed")).toEqual({
    active: 1,
    completed: 0,
    failed: 0,
  });
  taker.send({ type: "finish" });
  await taker.next("completed");
  await expectOneCompletion(place, sleeper);
});

test("after the other finished it: missing lock", async () => {
  const { place, sleeper, taker } = await freezeOne();
  taker.send({ type: "finish" });
  await taker.next("completed");
  sleeper.signal("SIGCONT");
  expect(await sleeper.next("error")).toMatchObject({ message: expect.stringMatching(/lock/i) });
  await expectOneCompletion(place, sleeper);
});

test("a worker that was frozen goes on with other jobs", async () => {
  const { queue, sleeper, taker } = await freezeOne();
  sleeper.signal("SIGCONT");
  await sleeper.next("error");
  await taker.kill();
  // Of the taker's death the sleeper hears like everybody else, and gets the job back.
  expect(await sleeper.next("started")).toMatchObject({ key: "a", attemptsStarted: 3 });
  await sleeper.next("completed");
  expect(await queue.getCompletedCount()).toBe(1);
});

async function expectOneCompletion(
  place: Parameters<typeof audit>[0],
  sleeper: Child,
): Promise<void> {
  await sleeper.ask({ type: "close" });
  expect(sleeper.take("completed")).toEqual([]);
  const { problems, completed, entries } = audit(place);
  expect(problems).toEqual([]);
  expect(completed).toBe(1);
  expect(entries.filter(({ kind }) => kind === "completed")).toMatchObject([{ by: "taker" }]);
  expect(checkFile(place.path)).toEqual([]);
}
