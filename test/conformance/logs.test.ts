import { describe, expect, test } from "vitest";
import { eventsOf, queueKit, take, TOKEN } from "./queue-kit.ts";

const kit = queueKit();

async function jobWithLines(count: number, keepLogs?: number) {
  const queue = kit.queue();
  const job = await queue.add("job", {}, keepLogs === undefined ? {} : { keepLogs });
  const counts: number[] = [];
  for (let i = 0; i < count; i++) counts.push(await job.log(`line ${i}`));
  return { queue, job, id: job.id!, counts };
}

const lines = (...numbers: number[]) => numbers.map((n) => `line ${n}`);

describe("a job's log", () => {
  test("keeps all lines in order and counts them", async () => {
    const { queue, id, counts } = await jobWithLines(3);
    expect(counts).toEqual([1, 2, 3]);
    expect(await queue.getJobLogs(id)).toEqual({ logs: lines(0, 1, 2), count: 3 });
  });

  test("keeps only the last lines if told so", async () => {
    const { queue, id, counts } = await jobWithLines(5, 2);
    expect(counts).toEqual([1, 2, 2, 2, 2]);
    expect(await queue.getJobLogs(id)).toEqual({ logs: lines(3, 4), count: 2 });
    expect(await queue.addJobLog(id, "line 5", 1)).toBe(1);
    expect(await queue.getJobLogs(id)).toEqual({ logs: lines(5), count: 1 });
  });

  test.each([
    { page: [0, 1, true], logs: lines(0, 1) },
    { page: [1, 2, true], logs: lines(1, 2) },
    { page: [3, 9, true], logs: lines(3) },
    { page: [4, 9, true], logs: [] },
    { page: [-2, -1, true], logs: lines(2, 3) },
    { page: [0, -2, true], logs: lines(0, 1, 2) },
    { page: [0, -1, false], logs: lines(3, 2, 1, 0) },
    { page: [0, 1, false], logs: lines(3, 2) },
    { page: [2, 9, false], logs: lines(1, 0) },
    { page: [4, 9, false], logs: [] },
  ] as const)("page $page", async ({ page: [start, end, asc], logs }) => {
    const { queue, id } = await jobWithLines(4);
    await queue.addJobLog(id, "dropped later", 4);
    await queue.addJobLog(id, "line 4", 4);
    expect((await queue.getJobLogs(id)).count).toBe(4);
    await queue.getJob(id).then((job) => job!.clearLogs());
    for (const line of lines(0, 1, 2, 3)) await queue.addJobLog(id, line);
    expect(await queue.getJobLogs(id, start, end, asc)).toEqual({ logs, count: 4 });
  });

  test("can be cleared, or shortened", async () => {
    const { queue, job, id } = await jobWithLines(4);
    await job.clearLogs(3);
    expect(await queue.getJobLogs(id)).toEqual({ logs: lines(1, 2, 3), count: 3 });
    await job.clearLogs(9);
    expect(await queue.getJobLogs(id)).toEqual({ logs: lines(1, 2, 3), count: 3 });
    await job.clearLogs();
    expect(await queue.getJobLogs(id)).toEqual({ logs: [], count: 0 });
    await job.log("line 9");
    expect(await queue.getJobLogs(id)).toEqual({ logs: lines(9), count: 1 });
  });

  test("goes with the job", async () => {
    const queue = kit.queue();
    const job = await queue.add("job", {}, { jobId: "again" });
    await job.log("line 0");
    await job.remove();
    expect(await queue.getJobLogs("again")).toEqual({ logs: [], count: 0 });
    await queue.add("job", {}, { jobId: "again" });
    expect(await queue.getJobLogs("again")).toEqual({ logs: [], count: 0 });
  });

  test("of an active job that is removed when it completes leaves nothing behind", async () => {
    const queue = kit.queue();
    await queue.add("job", {}, { jobId: "x", removeOnComplete: true });
    const job = (await take(kit.worker(queue)))!;
    await job.log("unique text of a line");
    await job.moveToCompleted(1, TOKEN, false);
    expect(kit.sql("SELECT text FROM job_log WHERE text = 'unique text of a line'")).toEqual([]);
  });

  test("of a job that does not exist", async () => {
    const queue = kit.queue();
    await expect(queue.addJobLog("none", "line")).rejects.toMatchObject({
      code: -1,
      message: "Missing key for job none. addLog",
    });
    expect(await queue.getJobLogs("none")).toEqual({ logs: [], count: 0 });
    await queue.getBackend().clearLogs("none");
  });
});

describe("data and progress", () => {
  test("data can be replaced while the job is anywhere", async () => {
    const queue = kit.queue();
    const job = await queue.add("job", { a: 1 });
    await job.updateData({ b: [2] });
    expect((await queue.getJob(job.id!))?.data).toEqual({ b: [2] });
    await job.remove();
    await expect(job.updateData({})).rejects.toMatchObject({
      code: -1,
      message: `Missing key for job ${job.id}. updateData`,
    });
  });

  test("progress is stored and told", async () => {
    const queue = kit.queue();
    const job = await queue.add("job", {});
    await job.updateProgress(42);
    await job.updateProgress({ done: [1, 2] });
    expect((await queue.getJob(job.id!))?.progress).toEqual({ done: [1, 2] });
    expect((await eventsOf(queue)).filter(({ event }) => event === "progress")).toEqual([
      { event: "progress", jobId: job.id, data: "42" },
      { event: "progress", jobId: job.id, data: '{"done":[1,2]}' },
    ]);
    await job.remove();
    await expect(job.updateProgress(1)).rejects.toMatchObject({
      code: -1,
      message: `Missing key for job ${job.id}. updateProgress`,
    });
  });
});
