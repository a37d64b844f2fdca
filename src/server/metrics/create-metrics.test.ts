import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { stopClock } from "../../../test/conformance/queue-kit.ts";
import { tempFolder } from "../../../test/support/temp-folder.ts";
import { Queue, Worker } from "../../bullmq/index.ts";
import type { FunctionDefinition } from "../../runs/definition.ts";
import { createLonghaul, type Longhaul } from "../../runtime/longhaul.ts";
import { partsOf } from "../../runtime/parts.ts";
import { createMetrics, type Metrics } from "./create-metrics.ts";

/** Stopped time, a runtime on a file, and its metrics. */
async function open(
  functions: readonly FunctionDefinition[] = [],
  maxLabels?: number,
): Promise<{ longhaul: Longhaul; metrics: Metrics; connection: string }> {
  stopClock();
  onTestFinished(() => void vi.useRealTimers());
  const connection = `file:${join(tempFolder(), "app.db")}`;
  const longhaul = createLonghaul({ url: connection, functions, concurrency: 7 });
  onTestFinished(() => longhaul.close());
  await longhaul.start();
  const metrics = createMetrics({ ...partsOf(longhaul), maxLabels });
  onTestFinished(() => metrics.close());
  return { longhaul, metrics, connection };
}

const pass = (ms: number): void => void vi.setSystemTime(Date.now() + ms);

/** The samples of a text, by name and labels; every line is one, or a comment. */
async function read(metrics: Metrics): Promise<Record<string, number>> {
  const samples: Record<string, number> = {};
  for (const line of (await metrics.render()).split("\n")) {
    if (line === "" || line.startsWith("# ")) continue;
    const match = /^([a-z_]+(?:\{(?:[a-z]+="(?:[^"\\]|\\.)*",?)+\})?) (\S+)$/.exec(line);
    if (!match) throw new Error(`no sample: ${line}`);
    samples[match[1]!] = Number(match[2]);
  }
  return samples;
}

function openQueue(name: string, connection: string): { queue: Queue; worker: Worker } {
  const queue = new Queue(name, { connection });
  const worker = new Worker(name, null, { connection, autorun: false });
  onTestFinished(async () => {
    await worker.close();
    await queue.close();
  });
  return { queue, worker };
}

async function finish(worker: Worker, ms: number, fails = false): Promise<void> {
  const job = await worker.getNextJob("token", { block: false });
  pass(ms);
  if (fails) await job.moveToFailed(new Error("no"), "token", false);
  else await job.moveToCompleted(1, "token", false);
}

test("jobs by state, the age of the oldest, what finished, and how long it waited and ran", async () => {
  const { metrics, connection } = await open();
  const { queue, worker } = openQueue("mail", connection);
  expect(await read(metrics)).toHaveProperty(
    ['longhaul_oldest_waiting_age_seconds{queue="mail"}'],
    0,
  );

  await queue.addBulk(Array.from({ length: 4 }, () => ({ name: "m", data: {} })));
  await queue.add("later", {}, { delay: 60_000 });
  pass(3_000);
  await finish(worker, 200);
  await finish(worker, 40_000);
  await finish(worker, 1, true);
  pass(2_000);
  const samples = await read(metrics);
  expect(samples).toMatchObject({
    'longhaul_jobs{queue="mail",state="waiting"}': 1,
    'longhaul_jobs{queue="mail",state="delayed"}': 1,
    'longhaul_jobs{queue="mail",state="completed"}': 2,
    'longhaul_jobs{queue="mail",state="failed"}': 1,
    'longhaul_oldest_waiting_age_seconds{queue="mail"}': 45.201,
    'longhaul_jobs_finished_total{queue="mail",state="completed"}': 2,
    'longhaul_jobs_finished_total{queue="mail",state="failed"}': 1,
    'longhaul_jobs_stalled_total{queue="mail"}': 0,
    'longhaul_job_run_seconds_bucket{queue="mail",state="completed",le="0.1"}': 0,
    'longhaul_job_run_seconds_bucket{queue="mail",state="completed",le="0.25"}': 1,
    'longhaul_job_run_seconds_bucket{queue="mail",state="completed",le="30"}': 1,
    'longhaul_job_run_seconds_bucket{queue="mail",state="completed",le="+Inf"}': 2,
    'longhaul_job_run_seconds_sum{queue="mail",state="completed"}': 40.2,
    'longhaul_job_wait_seconds_count{queue="mail",state="completed"}': 2,
    'longhaul_job_wait_seconds_sum{queue="mail",state="completed"}': 6.2,
  });
  expect(samples["longhaul_storage_commit_seconds_count"]).toBeGreaterThan(5);

  // What was counted is not counted again, also when two ask at a time.
  await finish(worker, 1_000);
  pass(2_000);
  const [again] = await Promise.all([read(metrics), read(metrics)]);
  expect(again).toMatchObject({
    'longhaul_jobs_finished_total{queue="mail",state="completed"}': 3,
    'longhaul_job_run_seconds_count{queue="mail",state="completed"}': 3,
    'longhaul_jobs{queue="mail",state="waiting"}': 0,
    'longhaul_oldest_waiting_age_seconds{queue="mail"}': 0,
  });
});

test("runs by state, how long they took, events, and places in the worker", async () => {
  let finishSlow = (): void => {};
  const define = (id: string, handler: FunctionDefinition["handler"]): FunctionDefinition => ({
    ...{ id, triggers: [{ event: id }], retries: 0, backoff: () => 0, handler },
  });
  const quick = define("quick", async () => 1);
  const fails = define("fails", async () => {
    throw new Error("no");
  });
  const slow = define("slow", (run) =>
    run.run("wait", () => new Promise<void>((resolve) => (finishSlow = resolve))),
  );
  const { longhaul, metrics } = await open([quick, fails, slow]);
  // What ended before the metrics were made is past.
  pass(1);
  await longhaul.send([{ name: "quick" }, { name: "nobody" }]);
  await longhaul.invoke("quick");
  await longhaul.invoke("fails").catch(() => undefined);
  const runId = await longhaul.trigger("slow");
  await vi.waitFor(async () => expect((await longhaul.getRun(runId))!.state).toBe("running"));
  pass(700);
  const events = await read(metrics);
  expect(events).toMatchObject({
    'longhaul_runs{function="quick",state="completed"}': 2,
    'longhaul_runs{function="fails",state="failed"}': 1,
    'longhaul_runs{function="slow",state="running"}': 1,
    'longhaul_worker_slots{state="busy"}': 1,
    'longhaul_worker_slots{state="free"}': 6,
  });
  await longhaul.send([{ name: "nobody" }]);
  finishSlow();
  await longhaul.waitForEnd(runId);
  pass(2_000);
  const after = await read(metrics);
  expect(after["longhaul_events_total"]).toBe(events["longhaul_events_total"]! + 1);
  expect(after).toMatchObject({
    'longhaul_run_seconds_bucket{function="slow",state="completed",le="0.5"}': 0,
    'longhaul_run_seconds_bucket{function="slow",state="completed",le="1"}': 1,
    'longhaul_run_seconds_count{function="quick",state="completed"}': 2,
    'longhaul_run_seconds_count{function="fails",state="failed"}': 1,
  });
});

test("names beyond the cap share a label, and odd names are escaped", async () => {
  const { metrics, connection } = await open([], 1);
  const odd = 'a"b\\c\nd';
  for (const name of [odd, "two", "three"]) {
    const { queue, worker } = openQueue(name, connection);
    await queue.addBulk([
      { name: "j", data: {} },
      { name: "j", data: {} },
    ]);
    await finish(worker, 10);
  }
  pass(2_000);
  expect(await read(metrics)).toMatchObject({
    'longhaul_jobs{queue="a\\"b\\\\c\\nd",state="waiting"}': 1,
    'longhaul_job_run_seconds_count{queue="a\\"b\\\\c\\nd",state="completed"}': 1,
    'longhaul_jobs{queue="(other)",state="waiting"}': 2,
    'longhaul_job_run_seconds_count{queue="(other)",state="completed"}': 2,
  });
});

test("is in the form that Prometheus reads, and reads nothing when it is closed", async () => {
  const { metrics, longhaul } = await open();
  expect(metrics.contentType).toBe("text/plain; version=0.0.4; charset=utf-8");
  const text = await metrics.render();
  const names = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name]) => name);
  expect(new Set(names).size).toBe(names.length);
  metrics.close();
  await longhaul.close();
  expect(await metrics.render()).toBe(text);
});
