import fc from "fast-check";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { openServer } from "../../../test/server/kit.ts";
import { type Connect, listen, LiveClient, type Received } from "../../../test/server/live-kit.ts";
import { define } from "../../../test/support/engine-kit.ts";
import { Gate } from "../../../test/support/gate.ts";
import { tempFolder } from "../../../test/support/temp-folder.ts";
import type { Job } from "../../bullmq/job.ts";
import { Queue } from "../../bullmq/queue.ts";
import { Worker } from "../../bullmq/worker.ts";
import { partsOf } from "../../runtime/parts.ts";

/** Follows topics, goes away after so many messages each time, and comes back, until something was received. */
async function followWithCuts(
  url: string,
  connect: Connect,
  cuts: readonly number[],
  isEnough: (all: readonly Received[]) => boolean,
): Promise<Received[]> {
  const all: Received[] = [];
  let lastEventId = connect.lastEventId;
  for (let round = 0; ; round++) {
    const limit = cuts[round] ?? Infinity;
    const client = await LiveClient.connect(url, { ...connect, lastEventId, limit });
    await client.whenTrue(
      () => client.received.length >= limit || isEnough([...all, ...client.received]),
    );
    client.close();
    all.push(...client.received);
    lastEventId = client.lastId;
    if (isEnough(all)) return all;
  }
}

const JOBS = 4;
const STATES = ["active", "completed"];

test("wherever a connection is cut, each event comes once and in order", async () => {
  const connection = `file:${join(tempFolder(), "live.db")}`;
  const { server } = openServer({}, { url: connection });
  const url = await listen(server);
  const work = async (job: Job) => {
    for (const percentage of [1, 2, 3]) await job.updateProgress(percentage);
    await job.log(`line of ${job.id}`);
  };
  let number = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 12 }), async (cuts) => {
      const name = `queue-${number++}`;
      const queue = new Queue(name, { connection });
      const worker = new Worker(name, work, { connection, autorun: false, concurrency: 2 });
      const ids = Array.from({ length: JOBS }, (_, index) => `job-${index}`);
      await queue.addBulk(ids.map((id) => ({ name: "job", data: {}, opts: { jobId: id } })));
      const topics = [...ids.map((id) => `job:${name}:${id}`), `queue:${name}`];
      // All snapshots first: a topic that was cut off before its snapshot begins with one.
      const start = await LiveClient.connect(url, { topics });
      await start.whenTrue(() => start.of("snapshot").length === topics.length);
      start.close();
      void worker.run();
      const ended = (all: readonly Received[]): boolean =>
        all.filter(({ data }) => data["state"] === "completed").length === JOBS &&
        eventsOf(all).filter(({ event }) => event === "completed").length === JOBS;
      const connect = { topics, lastEventId: start.lastId };
      const all = await followWithCuts(url, connect, cuts, ended);
      await worker.close();
      await queue.close();
      for (const topic of topics.slice(0, JOBS)) {
        const ofJob = all.filter(({ data }) => data["topic"] === topic);
        const told = (event: string, field: string) =>
          ofJob.filter((message) => message.event === event).map(({ data }) => data[field]);
        expect(told("job.state", "state")).toEqual(STATES);
        expect(told("job.progress", "progress")).toEqual([1, 2, 3]);
        expect(told("log", "line")).toMatchObject([{ line: 1 }]);
        expect(ofJob.at(-1)!.data).toMatchObject({ state: "completed" });
      }
      for (const id of ids) {
        const events = eventsOf(all).filter(({ jobId }) => jobId === id);
        expect(events.map(({ event }) => event)).toEqual([
          ...["active", "progress", "progress", "progress", "completed"],
        ]);
      }
      expect(all.some(({ event }) => event === "reset")).toBe(false);
    }),
    { numRuns: 15 },
  );
});

const eventsOf = (all: readonly Received[]): { event: string; jobId?: string }[] =>
  all
    .filter(({ event }) => event === "queue.events")
    .flatMap(({ data }) => data["events"] as { event: string; jobId?: string }[]);

test("wherever a connection is cut, each step of a run and each chunk comes once and in order", async () => {
  const count = 20;
  const gates: Gate[] = [];
  const long = define("long", async (run) => {
    const gate = gates.at(-1)!;
    await run.run("first", () => 0);
    await gate.pass();
    for (let index = 0; index < count; index++) await run.run(`step-${index}`, () => index);
  });
  const { longhaul, server } = openServer({}, { functions: [long] });
  const { streams, logs } = partsOf(longhaul).runs.stores;
  const url = await listen(server);
  await longhaul.start();
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 12 }), async (cuts) => {
      gates.push(new Gate());
      const runId = await longhaul.trigger(long, { data: {} });
      await gates.at(-1)!.reached;
      const topics = [`run:${runId}`, `stream:${runId}:text`];
      const start = await LiveClient.connect(url, { topics });
      await start.whenTrue(() => start.of("snapshot").length === topics.length);
      start.close();
      const connect = { topics, lastEventId: start.lastId };
      const following = followWithCuts(url, connect, cuts, (all) =>
        ["done", "run.updated"].every((event) => all.some((message) => message.event === event)),
      );
      for (let index = 0; index < count; index++) {
        const chunks = [`${index}`];
        await streams.append({ now: 0, runId, stream: "text", chunks });
        const entry = {
          at: 0,
          kind: "log",
          level: "info",
          message: `${index}`,
          attempt: 0,
        } as const;
        await logs.append({ runId, entries: [entry] });
      }
      gates.at(-1)!.open();
      const all = await following;
      const told = (name: string) =>
        all.filter(({ event }) => event === name).map(({ data }) => data);
      const numbers = Array.from({ length: count }, (_, index) => index);
      expect(told("chunk").map(({ chunk }) => chunk)).toEqual(numbers);
      expect(told("log").map(({ entry }) => (entry as { seq: number }).seq - 1)).toEqual(numbers);
      const steps = told("step.updated").map(({ step }) => (step as { key: string }).key);
      expect(steps).toEqual(numbers.map((index) => `step-${index}`));
      const isEnd = ({ run }: Record<string, unknown>): boolean =>
        (run as { state: string }).state === "completed";
      expect(told("run.updated").filter(isEnd)).toHaveLength(1);
    }),
    { numRuns: 15 },
  );
});

test("whoever comes back learns how many jobs there are", async () => {
  const connection = `file:${join(tempFolder(), "live.db")}`;
  const { server } = openServer({}, { url: connection });
  const url = await listen(server);
  const queue = new Queue("orders", { connection });
  onTestFinished(() => queue.close());
  const topics = ["queue:orders"];
  const [first, other] = [
    await LiveClient.connect(url, { topics }),
    await LiveClient.connect(url, { topics }),
  ];
  for (const client of [first, other]) await client.until(({ event }) => event === "snapshot");
  first.close();
  await queue.add("job", {});
  await other.until(({ event }) => event === "queue.counts");
  const second = await LiveClient.connect(url, { topics, lastEventId: first.lastId });
  const { data } = await second.until(({ event }) => event === "queue.counts");
  expect(data).toMatchObject({ counts: { waiting: 1 } });
  expect(eventsOf(second.received)).toMatchObject([{ event: "added" }, { event: "waiting" }]);
});

test("what is no longer kept is told anew", async () => {
  const connection = `file:${join(tempFolder(), "live.db")}`;
  const { server } = openServer({}, { url: connection });
  const url = await listen(server);
  const queue = new Queue("short", { connection, streams: { events: { maxLen: 10 } } });
  onTestFinished(() => queue.close());
  const job = await queue.add("job", {}, { jobId: "a" });
  const topics = ["job:short:a", "queue:short"];
  const first = await LiveClient.connect(url, { topics });
  await first.whenTrue(() => first.of("snapshot").length === 2);
  first.close();
  for (let n = 1; n <= 50; n++) await job.updateProgress(n);
  const second = await LiveClient.connect(url, { topics, lastEventId: first.lastId });
  await second.whenTrue(() => second.of("snapshot").length === 2);
  expect(second.of("reset")).toEqual([
    { topic: "job:short:a", reason: "trimmed" },
    { topic: "queue:short", reason: "trimmed" },
  ]);
  expect(second.of("snapshot", topics[0])).toMatchObject([{ job: { progress: 50 } }]);
  second.close();
  // A queue that was deleted and made again counts from the beginning.
  await job.remove();
  await queue.obliterate();
  await queue.add("job", {}, { jobId: "a" });
  const third = await LiveClient.connect(url, { topics, lastEventId: second.lastId });
  await third.whenTrue(() => third.of("snapshot").length === 2);
  expect(third.of("reset")).toHaveLength(2);
  third.close();
  const strange = await LiveClient.connect(url, {
    topics: ["queue:short"],
    lastEventId: third.lastId.replaceAll(/=[^;]*/g, "=~x.y"),
  });
  await strange.until(({ event }) => event === "snapshot");
  expect(strange.of("reset")).toEqual([{ topic: "queue:short", reason: "trimmed" }]);
});
