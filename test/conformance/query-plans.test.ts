import { expect, onTestFinished, test } from "vitest";
import { openShared } from "../../src/storage/shared-stores.ts";
import type { Connection } from "../../src/storage/sqlite/connection.ts";
import { queueKit, take, TOKEN } from "./queue-kit.ts";

const kit = queueKit();

/** Tables with a row a connection or process, not a job: reading them whole is what is meant. */
const SMALL_TABLES = /^SCAN (client|process)$/;
/** `active` has as many rows as jobs run at this moment; who left them is asked when a process died. */
const OVER_RUNNING_JOBS = /^SCAN active$/;

/** The texts that are prepared on a connection from now on. */
function recordTexts(connection: Connection): Set<string> {
  const texts = new Set<string>();
  const { sql } = connection;
  Object.assign(connection, {
    sql: (text: string) => {
      texts.add(text);
      return sql(text);
    },
  });
  onTestFinished(() => void Object.assign(connection, { sql }));
  return texts;
}

function stepsOf(connection: Connection, text: string): string[] {
  const parameters = (text.match(/\?/g) ?? []).map(() => null);
  const rows = connection.sql(`EXPLAIN QUERY PLAN ${text}`).all(...parameters);
  return rows.map((row) => row[3] as string);
}

/** Everything that BullMQ's classes do with jobs, so that every text of it is prepared. */
async function liveThrough(): Promise<void> {
  const queue = kit.queue();
  const worker = kit.worker(queue, { metrics: { maxDataPoints: 10 }, name: "w" });
  await queue.setGlobalConcurrency(100);
  await queue.add("plain", {});
  await queue.add("later", {}, { delay: 60_000 });
  await queue.add("first", {}, { priority: 3 });
  await queue.add("mine", {}, { jobId: "mine", deduplication: { id: "d", ttl: 1000 } });
  await queue.addBulk([
    { name: "a", data: {} },
    { name: "b", data: {}, opts: { lifo: true } },
  ]);
  const child = (name: string) => ({ name, queueName: queue.name, data: {} });
  await kit.flow().add({ ...child("parent"), children: [child("one"), child("two")] });
  await queue.upsertJobScheduler("tick", { every: 60_000 });

  for (let job = await take(worker); job; job = await take(worker)) {
    await job.log("line");
    await job.updateProgress(50);
    if (job.name === "a") await job.moveToFailed(new Error("no"), TOKEN);
    else if (job.name === "b") await job.moveToDelayed(Date.now() + 60_000, TOKEN);
    else {
      await job.extendLock(TOKEN, 1000);
      await job.moveToCompleted("done", TOKEN);
    }
  }
  await worker.getBackend().moveStalledJobsToWait();
  for (const state of ["waiting", "delayed", "completed", "failed", "active"] as const) {
    const jobs = await queue.getJobs([state], 0, 10);
    for (const job of jobs) await job?.getState();
  }
  await queue.getJobCounts();
  await queue.getMetrics("completed");
  await queue.getJobSchedulers();
  await queue.retryJobs();
  await queue.promoteJobs();
  await queue.add("kept", {}, { removeOnComplete: { age: 1, count: 1 } });
  for (let job = await take(worker); job; job = await take(worker)) {
    await job.moveToCompleted("done", TOKEN);
  }
  await queue.clean(0, 100, "completed");
  await queue.pause();
  await queue.drain(true);
  await queue.obliterate({ force: true });
}

test("no query reads a table from end to end", async () => {
  const { store, release } = openShared(kit.connection);
  onTestFinished(release);
  const texts = recordTexts(store.connection);
  await liveThrough();
  expect(texts.size).toBeGreaterThan(70);

  const scans: string[] = [];
  for (const text of [...texts].filter((sql) =>
    /^\s*(SELECT|UPDATE|DELETE|INSERT|WITH)/.test(sql),
  )) {
    for (const step of stepsOf(store.connection, text)) {
      if (
        /^SCAN (?!CONSTANT)/.test(step) &&
        !SMALL_TABLES.test(step) &&
        !OVER_RUNNING_JOBS.test(step)
      ) {
        scans.push(`${step}: ${text}`);
      }
    }
  }
  expect(scans).toEqual([]);
});

test("the line's order comes from the index", async () => {
  const { store, release } = openShared(kit.connection);
  onTestFinished(release);
  const texts = recordTexts(store.connection);
  await liveThrough();
  const claims = [...texts].filter((sql) => /FROM pending CROSS JOIN job/.test(sql));
  expect(claims.length).toBeGreaterThan(0);
  for (const text of claims) {
    expect(stepsOf(store.connection, text).join()).not.toContain("TEMP B-TREE");
  }
});
