/**
 * A process is told to end (SIGTERM) while jobs run, clients follow streams and a long poll hangs: it exits with 0 within
 * the grace period, every client is answered to the end, and what was acknowledged is done, once.
 */
import { expect, test } from "vitest";
import { createClient } from "../../src/client/index.ts";
import { faultsKit, Queue, until, Worker } from "./queue-kit.ts";
import { readLedger } from "./queue-ledger.ts";
import { Child } from "./queue-processes.ts";
import type { ServerSetting } from "./programs/server-program.ts";

const kit = faultsKit();
const JOBS = 20;
const CONCURRENCY = 5;
const STREAMS = 10;
const GRACE_MS = 10_000;

test("nothing is lost, and nobody is cut off", async () => {
  const place = kit.place();
  const setting: ServerSetting = {
    ...{ url: place.connection, ledger: place.ledger, name: "first" },
    ...{ concurrency: CONCURRENCY, graceMs: GRACE_MS },
  };
  const child = new Child("server-program", setting);
  const baseUrl = (await child.next("ready"))["url"] as string;
  const client = createClient({ baseUrl, token: "any", retries: 0 });

  const keys = Array.from({ length: JOBS }, (_, index) => `job-${index}`);
  await client.jobs.addBulk({
    queue: "work",
    body: { jobs: keys.map((key) => ({ name: "job", data: { key } })) },
  });
  await client.events.send({ body: { name: "wait", data: {} } });
  await child.next("waiting");
  for (let held = 0; held < CONCURRENCY; held++) await child.next("started");

  const streams = await Promise.all(
    Array.from({ length: STREAMS }, async () => {
      const response = await fetch(`${baseUrl}/api/v1/stream?topics=queue:work`);
      const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
      // The snapshot: it follows the queue now.
      let text = "";
      while (!text.includes("snapshot")) text += (await reader.read()).value!;
      return reader;
    }),
  );
  const [run] = (await client.runs.list()).data;
  const poll = client.runs.get({ runId: run!.id, wait: "60s" });
  // Requests are taken in order: when this one is answered, the long poll is under way.
  await client.system.health();

  const toldAt = performance.now();
  child.signal("SIGTERM");
  expect((await poll).state).toBe("waiting");
  for (const reader of streams) while (!(await reader.read()).done);
  expect(await child.end()).toEqual({ code: 0, signal: null });
  expect(performance.now() - toldAt).toBeLessThan(GRACE_MS);

  const worker = kit.closing(new Worker("work", async () => {}, { connection: place.connection }));
  const queue = kit.closing(new Queue("work", { connection: place.connection }));
  await until("all jobs are done", async () => (await queue.getCompletedCount()) === JOBS);
  await worker.close();
  const entries = readLedger(place.ledger);
  const heldKeys = entries.filter(({ kind }) => kind === "started").map(({ key }) => key);
  expect(heldKeys).toHaveLength(CONCURRENCY);
  for (const kind of ["returned", "completed"])
    expect(new Set(entries.filter((entry) => entry.kind === kind).map(({ key }) => key))).toEqual(
      new Set(heldKeys),
    );
  // What it had done, nobody did again.
  const done = await queue.getCompleted();
  expect(new Set(done.map(({ data }) => (data as { key: string }).key))).toEqual(new Set(keys));
  expect(done.map(({ attemptsMade }) => attemptsMade)).toEqual(keys.map(() => 1));
});

test("work that does not end is given up after the grace period, and at once at a second signal", async () => {
  const start = async (graceMs: number): Promise<Child> => {
    const place = kit.place();
    const child = new Child("server-program", {
      ...{ url: place.connection, ledger: place.ledger, name: "stuck", concurrency: 1 },
      ...{ graceMs, isStuck: true },
    } satisfies ServerSetting);
    const client = createClient({ baseUrl: (await child.next("ready"))["url"] as string });
    await client.jobs.add({ queue: "work", body: { name: "job", data: { key: "1" } } });
    await child.next("started");
    child.signal("SIGTERM");
    await child.next("told");
    return child;
  };
  const patient = await start(100);
  expect(await patient.end()).toEqual({ code: 0, signal: null });
  const hurried = await start(60_000);
  hurried.signal("SIGTERM");
  expect(await hurried.end()).toEqual({ code: 1, signal: null });
});
