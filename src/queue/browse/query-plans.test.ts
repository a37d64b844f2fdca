import { expect, onTestFinished, test } from "vitest";
import { FlowProducer } from "../../bullmq/flow-producer.ts";
import { Queue } from "../../bullmq/queue.ts";
import { Worker } from "../../bullmq/worker.ts";
import { EVERYTHING } from "../../core/search/search-query.ts";
import { openShared } from "../../storage/shared-stores.ts";
import type { SqlValue } from "../../storage/sqlite/connection.ts";
import { takeJobSnapshot } from "../bulk/snapshot.ts";
import { readConnections } from "./connections.ts";
import { readFlow } from "./flow-tree.ts";
import { readJob } from "./job-detail.ts";
import { listJobs } from "./job-list.ts";
import { readLogs } from "./job-logs.ts";
import { jobStates } from "./job-states.ts";
import { queueOfName } from "./queue-name.ts";
import { readQueueRows, summarizeQueues } from "./queue-summary.ts";
import { recentlyFailedJobs } from "./recent-failures.ts";
import { listSchedulers, readScheduler } from "./scheduler-list.ts";
import { searchJobs } from "./search-jobs.ts";

/** Tables with a row a connection, a queue, or a job that runs at this moment: reading them whole is what is meant. */
const SMALL_TABLES = /^SCAN (client|process|queue|active)\b/;
/** Lists of what is asked for, and rows that another part of the statement has already chosen. */
const GIVEN = /^SCAN (wanted|\(subquery-\d+\)|CONSTANT ROW|\d+ CONSTANT ROWS?)/;

/** Sorts a page, the jobs of some ids, or those that run at this moment. */
const SORTS_FEW = /AS wanted|FROM active/;

test("no list, and no detail, reads a table of jobs from end to end or sorts one", async () => {
  const connection = ":memory:";
  const shared = openShared(connection);
  onTestFinished(() => shared.release());
  const { store } = shared;
  const opened = <T extends { close(): Promise<void> }>(resource: T): T => {
    onTestFinished(() => resource.close());
    return resource;
  };
  const queue = opened(new Queue("q", { connection }));
  const flows = opened(new FlowProducer({ connection }));
  const worker = opened(new Worker("q", null, { connection, autorun: false }));
  await queue.addBulk(["a", "b", "c"].map((name) => ({ name, data: {} })));
  await queue.upsertJobScheduler("tick", { every: 60_000 });
  const child = { name: "child", queueName: "q" };
  const flow = await flows.add({ name: "parent", queueName: "q", children: [child] });
  await (await worker.getNextJob("t"))?.moveToFailed(new Error("no"), "t", false);

  const texts = new Set<string>();
  const reader = {
    query: (sql: string, params?: SqlValue[]) => {
      texts.add(sql);
      return store.query(sql, params);
    },
  };
  const now = Date.now();
  const rows = await readQueueRows(reader, { limit: 10, after: ["", ""] }, now);
  await summarizeQueues(reader, rows, now);
  await readConnections(reader);
  const { key } = rows[0]!;
  for (const state of jobStates)
    for (const order of ["first", "last"] as const)
      for (const after of [undefined, [0, 0] as const])
        await listJobs(reader, { queue: key, state, order, limit: 10, after });
  await readJob(reader, queueOfName("q"), "2", now);
  const parent = await readJob(reader, queueOfName("q"), flow.job.id!, now);
  await readFlow(reader, parent!.key, { depth: 2, width: 2 });
  for (const order of ["oldest", "newest"] as const)
    await readLogs(reader, 1, { order, limit: 10 });
  await listSchedulers(reader, key, { limit: 10 });
  await readScheduler(reader, key, "tick");
  await takeJobSnapshot(reader, now);
  await recentlyFailedJobs(reader, { limit: 10 });
  for (const order of ["newest", "oldest"] as const) {
    const search = (query: object) =>
      searchJobs(reader, { query: { ...EVERYTHING, ...query }, limit: 1, order, timeBoxMs: 0 });
    await search({ text: ["x"], names: ["a"], queues: ["q"] });
    await search({ ids: ["1", "x"] });
    await search({ errors: ["x"] });
    for (const state of jobStates) await search({ states: [state] });
  }

  expect(texts.size).toBeGreaterThan(50);
  const bad = [...texts].flatMap((text) => {
    const params = (text.match(/\?/g) ?? []).map(() => null);
    const steps = store.connection.sql(`EXPLAIN QUERY PLAN ${text}`).all(...params);
    return steps
      .map((step) => step[3] as string)
      .filter((step) => /^SCAN|TEMP B-TREE FOR ORDER/.test(step))
      .filter((step) => step.startsWith("SCAN") || !SORTS_FEW.test(text))
      .filter((step) => !SMALL_TABLES.test(step) && !GIVEN.test(step))
      .map((step) => ({ step, text }));
  });
  expect(bad).toEqual([]);
});
