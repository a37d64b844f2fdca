import { afterEach, describe, expect, test, vi } from "vitest";
import { Gate } from "../../test/support/gate.ts";
import { type Job, Queue, Worker } from "./index.ts";
import { Countdown } from "./job-timeout.ts";
import type { WorkerOptions } from "./types.ts";

const connection = ":memory:";
const open: { close(): Promise<void> }[] = [];
let count = 0;

afterEach(async () => {
  for (const resource of open.splice(0).reverse()) await resource.close();
});

type Processor = (job: Job, token?: string, signal?: AbortSignal) => Promise<unknown>;

function setUp(processor: Processor, options: Partial<WorkerOptions> = {}) {
  const name = `timed-${++count}`;
  const queue = new Queue(name, { connection });
  const worker = new Worker(name, processor, { connection, ...options });
  open.push(queue, worker);
  const failed = () =>
    new Promise<[Job, Error]>((resolve) =>
      worker.once("failed", (job, error) => resolve([job as Job, error])),
    );
  return { queue, worker, failed };
}

/** Ends when it is told to, as a processor should. */
const obedient: Processor = (_job, _token, signal) =>
  new Promise((_, reject) =>
    signal!.addEventListener("abort", () => reject(signal!.reason as Error)),
  );

test("the signal is aborted and the attempt fails; the next one is like after any failure", async () => {
  const reasons: unknown[] = [];
  const { queue, failed } = setUp(async (job, _token, signal) => {
    if (job.attemptsStarted === 2) return "made it";
    await obedient(job, _token, signal).catch((reason: unknown) => reasons.push(reason));
    return "too late";
  });
  const first = failed();
  const job = await queue.add("slow", {}, { timeout: 5, attempts: 2 });
  const [, error] = await first;
  expect(error).toMatchObject({ code: "BULLMQ_JOB_TIMED_OUT", retryable: true });
  expect(error.message).toContain(`Job ${job.id} of ${queue.name} ran for longer than`);
  expect(reasons).toEqual([error]);
  await expect(job.waitUntilFinished()).resolves.toBe("made it");
});

test("a worker's timeout is for jobs without one of their own", async () => {
  const { queue, failed } = setUp(obedient, { timeout: 5 });
  const first = failed();
  await queue.add("slow", {});
  expect((await first)[1].message).toContain("its timeout of 5 ms");
  const second = failed();
  await queue.add("slower", {}, { timeout: 6 });
  expect((await second)[1].message).toContain("its timeout of 6 ms");
});

test("a processor that does not listen loses its job and its place, and writes no more", async () => {
  const stuck = new Gate();
  let lost: Job | undefined;
  const { queue, failed, worker } = setUp(
    async (job) => {
      if (job.name !== "deaf") return "served";
      lost = job;
      await stuck.pass();
      await job.updateProgress(100);
      return "nobody waits";
    },
    { timeoutGrace: 1 },
  );
  const first = failed();
  const deaf = await queue.add("deaf", {}, { timeout: 5 });
  const next = await queue.add("next", {});
  expect((await first)[1]).toMatchObject({ code: "BULLMQ_JOB_TIMED_OUT" });
  await expect(next.waitUntilFinished()).resolves.toBe("served");
  stuck.open();
  await expect(lost!.updateProgress(50)).rejects.toMatchObject({ code: "BULLMQ_JOB_TIMED_OUT" });
  await expect(lost!.updateData({})).rejects.toMatchObject({ code: "BULLMQ_JOB_TIMED_OUT" });
  // An error that nobody hears of would fail this test file.
  void lost!.log("still here");
  await worker.close();
  expect(await queue.getJob(deaf.id!)).toMatchObject({ progress: 0, data: {} });
  expect(await deaf.getState()).toBe("failed");
});

test("what ends in time is not disturbed", async () => {
  const { queue } = setUp(async (_job, _token, signal) => signal?.aborted, { timeout: 60_000 });
  const job = await queue.add("quick", {});
  await expect(job.waitUntilFinished()).resolves.toBe(false);
});

describe("a countdown", () => {
  test("runs for as long as it is not held, also beyond what a timer can hold", () => {
    vi.useFakeTimers();
    try {
      const onEnd = vi.fn<() => void>();
      const days = 24 * 3600 * 1000;
      const countdown = new Countdown(30 * days, onEnd);
      countdown.release();
      vi.advanceTimersByTime(29 * days);
      countdown.hold();
      vi.advanceTimersByTime(100 * days);
      expect(onEnd).not.toHaveBeenCalled();
      countdown.release();
      vi.advanceTimersByTime(days - 1);
      expect(onEnd).not.toHaveBeenCalled();
      vi.advanceTimersByTime(1);
      expect(onEnd).toHaveBeenCalledOnce();
    } finally {
      vi.useRealTimers();
    }
  });
});

test.each([0, -1, 1.5, "30s"])("a timeout of %j is refused", async (timeout) => {
  const { queue } = setUp(obedient);
  await expect(queue.add("bad", {}, { timeout: timeout as never })).rejects.toMatchObject({
    code: "BULLMQ_BAD_JOB_OPTION",
  });
  expect(await queue.count()).toBe(0);
  expect(() => new Worker("a", null, { connection, timeout: timeout as never })).toThrow(
    expect.objectContaining({ code: "BULLMQ_BAD_WORKER_OPTION" }),
  );
});
