import { once } from "node:events";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  type ConnectionOptions,
  type Job,
  UnrecoverableError,
  WaitingError,
} from "../../src/bullmq/index.ts";
import { Stage } from "./stage.ts";

/** A store that the suite runs on. */
export interface Subject {
  readonly name: string;
  /** Asked for when a test starts; servers have an address only then. */
  readonly connection: () => ConnectionOptions | undefined;
}

/** What code written with `longhaul/bullmq` may count on, whichever store its connection names. */
export function testIdiom({ name, connection }: Subject): void {
  describe(`on ${name}`, () => {
    let stage: Stage;

    beforeEach(() => {
      stage = new Stage(connection());
    });

    afterEach(async () => {
      await stage.close();
    });

    test("a job is processed, and its result is known to whoever waits", async () => {
      const queue = stage.queue<{ n: number }, number>();
      const events = await stage.events();
      stage.worker<{ n: number }, number>(async ({ data }) => data.n * 2);
      const job = await queue.add("double", { n: 21 });
      await expect(job.waitUntilFinished(events)).resolves.toBe(42);
      await expect(job.getState()).resolves.toBe("completed");
    });

    test("waitUntilFinished() needs no QueueEvents", async () => {
      const queue = stage.queue<{ n: number }, number>();
      const worker = stage.worker<{ n: number }, number>(async ({ data }) => {
        if (data.n < 0) throw new Error("negative");
        return data.n * 2;
      });
      const done = await queue.add("double", { n: 21 });
      await expect(done.waitUntilFinished()).resolves.toBe(42);
      await expect(done.waitUntilFinished()).resolves.toBe(42);
      const removed = await queue.add("double", { n: 1 }, { removeOnComplete: true, delay: 50 });
      await expect(removed.waitUntilFinished()).resolves.toBe(2);
      const failed = await queue.add("double", { n: -1 });
      await expect(failed.waitUntilFinished()).rejects.toThrow("negative");
      await worker.close();
      const never = await queue.add("double", { n: 3 });
      await expect(never.waitUntilFinished(undefined, 20)).rejects.toThrow(
        /not finished after 20 ms/,
      );
    });

    test("a failing job is tried again with growing delays", async () => {
      const queue = stage.queue();
      const events = await stage.events();
      const delays: number[] = [];
      events.on("delayed", ({ delay }) => delays.push(delay));
      stage.worker(async ({ attemptsMade }) => {
        if (attemptsMade < 2) throw new Error(`attempt ${attemptsMade}`);
        return "at last";
      });
      const backoff = { type: "exponential", delay: 30 };
      const job = await queue.add("flaky", {}, { attempts: 3, backoff });
      await expect(job.waitUntilFinished(events)).resolves.toBe("at last");
      const { attemptsMade, stacktrace } = (await queue.getJob(job.id as string)) as Job;
      expect(attemptsMade).toBe(3);
      expect(stacktrace).toHaveLength(2);
      expect(delays).toHaveLength(2);
    });

    test("a delayed job waits for its time", async () => {
      const queue = stage.queue();
      const events = await stage.events();
      const job = await queue.add("later", {}, { delay: 80 });
      await expect(job.getState()).resolves.toBe("delayed");
      stage.worker(async () => {});
      await job.waitUntilFinished(events);
      const { processedOn, timestamp } = (await queue.getJob(job.id as string)) as Job;
      expect((processedOn as number) - timestamp).toBeGreaterThanOrEqual(80);
    });

    test("events tell a job's life in order", async () => {
      const queue = stage.queue();
      const events = await stage.events();
      const life: string[] = [];
      for (const event of ["added", "waiting", "active", "progress", "completed"] as const) {
        events.on(event, () => life.push(event));
      }
      const completed = once(events, "completed");
      stage.worker(async (job) => {
        await job.updateProgress(50);
        await job.log("half way");
      });
      const job = await queue.add("story", {});
      await completed;
      expect(life).toEqual(["added", "waiting", "active", "progress", "completed"]);
      await expect(queue.getJobLogs(job.id as string)).resolves.toMatchObject({
        logs: ["half way"],
      });
    });

    test("a parent gets the results of its children", async () => {
      const events = await stage.events("orders");
      stage.queue("orders");
      stage.queue("parts");
      const { job } = await stage.flow().add({
        name: "process-order",
        queueName: stage.name("orders"),
        data: {},
        children: [
          { name: "stock", queueName: stage.name("parts"), data: { n: 1 } },
          { name: "price", queueName: stage.name("parts"), data: { n: 2 }, opts: { delay: 20 } },
        ],
      });
      stage.worker<{ n: number }>(async ({ data }) => data.n, { name: "parts" });
      stage.worker(
        async (parent) => Object.values(await parent.getChildrenValues()).toSorted((a, b) => a - b),
        {
          name: "orders",
        },
      );
      await expect(job.waitUntilFinished(events)).resolves.toEqual([1, 2]);
    });

    test("repeat with an interval makes a job scheduler that stops at its limit", async () => {
      const queue = stage.queue();
      const events = await stage.events();
      const runs: string[] = [];
      const drained = new Promise((resolve) =>
        events.on("completed", ({ jobId }) => runs.push(jobId) === 3 && resolve(undefined)),
      );
      const job = await queue.add(
        "tick",
        { n: 1 },
        { repeat: { every: 50, limit: 3 }, attempts: 2 },
      );
      expect(job.id).toMatch(new RegExp(`^repeat:${job.repeatJobKey}:\\d+$`));
      stage.worker(async ({ data }) => data);
      await drained;
      expect(new Set(runs).size).toBe(3);
      await expect(queue.getJobCounts("wait", "delayed", "active")).resolves.toEqual({
        ...{ wait: 0, delayed: 0, active: 0 },
      });
    });

    test("repeat with a pattern makes one schedule, however often it is added", async () => {
      const queue = stage.queue();
      const repeat = { cron: "0 9 * * *", tz: "America/New_York" };
      const first = await queue.add("report", { day: 1 }, { repeat, jobId: "daily" });
      const again = await queue.add("report", { day: 2 }, { repeat, jobId: "daily" });
      expect(again.id).toBe(first.id);
      const schedulers = await queue.getJobSchedulers();
      expect(schedulers).toMatchObject([
        { key: first.repeatJobKey, pattern: "0 9 * * *", tz: "America/New_York" },
      ]);
      expect(schedulers[0]?.template?.data).toEqual({ day: 2 });
      const hour = { hour: "numeric", timeZone: "America/New_York", hour12: false } as const;
      expect(new Intl.DateTimeFormat("en", hour).format(schedulers[0]?.next)).toBe("09");
      await expect(queue.getJobCountByTypes("delayed")).resolves.toBe(1);
      await expect(queue.removeJobScheduler(first.repeatJobKey as string)).resolves.toBe(true);
      await expect(queue.getJobCountByTypes("delayed")).resolves.toBe(0);
    });

    test("addBulk takes repeated jobs among others, and adds nothing if one is wrong", async () => {
      const queue = stage.queue();
      const bad = { name: "bad", data: {}, opts: { repeat: { every: 10, pattern: "* * * * *" } } };
      await expect(queue.addBulk([{ name: "a", data: {} }, bad])).rejects.toThrow(
        /bad cannot be repeated/,
      );
      await expect(queue.count()).resolves.toBe(0);
      const jobs = await queue.addBulk([
        { name: "a", data: {} },
        { name: "tick", data: {}, opts: { repeat: { pattern: "0 0 1 1 *", key: "new-year" } } },
        { name: "b", data: {} },
      ]);
      expect(jobs.map(({ name }) => name)).toEqual(["a", "tick", "b"]);
      expect(jobs[1]?.repeatJobKey).toBe("new-year");
      await expect(queue.getJobCounts("wait", "delayed")).resolves.toEqual({ wait: 2, delayed: 1 });
    });

    test("attempts and backoff of the worker are for jobs that bring none", async () => {
      const queue = stage.queue();
      const tries = new Map<string, number>();
      const retries: unknown[] = [];
      const worker = stage.worker(
        async ({ name, opts, attemptsMade }) => {
          tries.set(name, attemptsMade + 1);
          retries.push([name, opts.attempts]);
          throw new Error("no");
        },
        { attempts: 3, backoff: { type: "fixed", delay: 10 } },
      );
      const exhausted = collect(worker, "failed", 1 + 2 + 3);
      await queue.addBulk([
        { name: "none", data: {} },
        { name: "once", data: {}, opts: { attempts: 1 } },
        { name: "twice", data: {}, opts: { attempts: 2, backoff: 5 } },
      ]);
      await exhausted;
      expect(Object.fromEntries(tries)).toEqual({ none: 3, once: 1, twice: 2 });
      expect(retries).toContainEqual(["none", 3]);
      await expect(queue.getFailedCount()).resolves.toBe(3);
    });

    test("the worker's defaults stay out of what a schedule stores", async () => {
      const queue = stage.queue();
      const worker = stage.worker(async () => {}, { attempts: 7 });
      const twice = collect(worker, "completed", 2);
      const { repeatJobKey } = await queue.add("tick", {}, { repeat: { every: 40 } });
      await twice;
      await worker.close();
      const next = (await queue.getDelayed())[0];
      expect(next?.opts.attempts).toBeFalsy();
      await queue.removeJobScheduler(repeatJobKey as string);
    });

    test("a canceled job can go back to the queue without losing an attempt", async () => {
      const queue = stage.queue();
      const events = await stage.events();
      let runs = 0;
      const worker = stage.worker(async (job, token, signal) => {
        if (runs++ > 0) return job.attemptsMade;
        await new Promise((resolve) => {
          signal?.addEventListener("abort", resolve);
          worker.cancelJob(job.id as string);
        });
        await job.moveToWait(token);
        throw new WaitingError();
      });
      const job = await queue.add("long", {});
      await expect(job.waitUntilFinished(events)).resolves.toBe(0);
    });

    test("an unrecoverable error is not tried again", async () => {
      const queue = stage.queue();
      const events = await stage.events();
      stage.worker(
        async () => {
          throw new UnrecoverableError("never");
        },
        { attempts: 5 },
      );
      const job = await queue.add("hopeless", {});
      await expect(job.waitUntilFinished(events)).rejects.toThrow("never");
      expect(((await queue.getJob(job.id as string)) as Job).attemptsMade).toBe(1);
    });

    test("obliterate leaves nothing", async () => {
      const queue = stage.queue();
      await queue.addBulk(Array.from({ length: 10 }, (_, n) => ({ name: "a", data: { n } })));
      await queue.add("later", {}, { delay: 10_000 });
      await queue.obliterate();
      await expect(queue.count()).resolves.toBe(0);
      await expect(queue.getJobs()).resolves.toEqual([]);
    });
  });
}

/** Resolves after so many of an emitter's events. */
async function collect(
  emitter: { on(event: "completed" | "failed", listener: () => void): unknown },
  event: "completed" | "failed",
  count: number,
): Promise<void> {
  await new Promise<void>((resolve) => {
    let seen = 0;
    emitter.on(event, () => ++seen === count && resolve());
  });
}
