import { beforeEach, expect, test, vi } from "vitest";
import { queueKit, stopClock, take, TOKEN, type TestQueue, type TestWorker } from "./queue-kit.ts";

const kit = queueKit();
const MINUTE = 60_000;
const START = Date.UTC(2030, 0, 1, 12, 0, 30);

beforeEach(() => {
  stopClock();
  vi.setSystemTime(START);
});

/** Finishes as many jobs in each of the minutes; the last of them is the one that is still counted. */
async function finish(
  queue: TestQueue,
  worker: TestWorker,
  perMinute: readonly number[],
  state: "completed" | "failed" = "completed",
): Promise<void> {
  for (const [minute, count] of perMinute.entries()) {
    vi.setSystemTime(START + minute * MINUTE);
    for (let n = 0; n < count; n++) {
      await queue.add("job", {});
      const job = (await take(worker))!;
      if (state === "completed") await job.moveToCompleted(1, TOKEN, false);
      else await job.moveToFailed(new Error("no"), TOKEN, false);
    }
  }
}

test("finished jobs are counted by minute, the newest minute first", async () => {
  const queue = kit.queue();
  const worker = kit.worker(queue, { metrics: { maxDataPoints: 60 } });
  await finish(queue, worker, [2, 3, 0, 0, 1, 5]);
  expect(await queue.getMetrics("completed")).toEqual({
    meta: { count: 11, prevTS: START + 5 * MINUTE, prevCount: 6 },
    data: [1, 0, 0, 3, 2],
    count: 5,
  });
  expect(await queue.getMetrics("failed")).toEqual({
    meta: { count: 0, prevTS: 0, prevCount: 0 },
    data: [],
    count: 0,
  });
});

test("failed jobs have a history of their own", async () => {
  const queue = kit.queue();
  const worker = kit.worker(queue, { metrics: { maxDataPoints: 60 } });
  await finish(queue, worker, [1, 1]);
  await finish(queue, worker, [4, 2], "failed");
  expect((await queue.getMetrics("failed")).data).toEqual([4]);
  expect((await queue.getMetrics("completed")).data).toEqual([1]);
});

test("a failed attempt that is tried again is not counted", async () => {
  const queue = kit.queue();
  const worker = kit.worker(queue, { metrics: { maxDataPoints: 60 } });
  await queue.add("job", {}, { attempts: 2 });
  await (await take(worker))!.moveToFailed(new Error("once more"), TOKEN, false);
  expect((await queue.getMetrics("failed")).meta.count).toBe(0);
});

test("only so many minutes are kept, also after a long pause", async () => {
  const queue = kit.queue();
  const worker = kit.worker(queue, { metrics: { maxDataPoints: 3 } });
  await finish(queue, worker, [1, 2, 3, 4, 5, 6]);
  expect(await queue.getMetrics("completed")).toMatchObject({ data: [5, 4, 3], count: 3 });
  vi.setSystemTime(START + 1000 * MINUTE);
  await queue.add("job", {});
  await (await take(worker))!.moveToCompleted(1, TOKEN, false);
  expect(await queue.getMetrics("completed")).toMatchObject({
    data: [0, 0, 6],
    count: 3,
    meta: { count: 22 },
  });
});

test("pages of minutes count from the newest", async () => {
  const queue = kit.queue();
  const worker = kit.worker(queue, { metrics: { maxDataPoints: 60 } });
  await finish(queue, worker, [1, 2, 3, 4, 5, 1]);
  const data = async (start: number, end: number) =>
    (await queue.getMetrics("completed", start, end)).data;
  expect(await data(0, 1)).toEqual([5, 4]);
  expect(await data(2, 3)).toEqual([3, 2]);
  expect(await data(-2, -1)).toEqual([2, 1]);
  expect(await data(4, 99)).toEqual([1]);
  expect(await data(9, 99)).toEqual([]);
  expect((await queue.getMetrics("completed", 2, 3)).count).toBe(5);
});

test("a worker without metrics counts nothing", async () => {
  const queue = kit.queue();
  await finish(queue, kit.worker(queue), [2, 2]);
  expect((await queue.getMetrics("completed")).meta.count).toBe(0);
});

test("the totals appear in Prometheus' format", async () => {
  const queue = kit.queue();
  await finish(queue, kit.worker(queue, { metrics: { maxDataPoints: 5 } }), [2, 1]);
  const text = await queue.exportPrometheusMetrics();
  expect(text).toContain(`bullmq_job_completed_total{queue="${queue.name}"} 3`);
  expect(text).toContain(`bullmq_job_count{queue="${queue.name}", state="completed"} 3`);
});
