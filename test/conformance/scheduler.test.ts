import type { JobSchedulerJobOptions } from "bullmq";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { eventsOf, queueKit, stopClock, take, TOKEN, type TestQueue } from "./queue-kit.ts";

const kit = queueKit();

/** A round time, so that the slots of intervals and patterns are easy to read. */
const START = Date.UTC(2030, 0, 1, 12, 0, 0);
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const EVERY_MINUTE = "0 * * * * *";

beforeEach(() => {
  stopClock();
  vi.setSystemTime(START);
});

const due = (at: number) => `repeat:s:${START + at}`;

/** What a scheduler has made that no worker has taken: job id → delay. */
async function ahead(queue: TestQueue): Promise<Record<string, number>> {
  const jobs = await queue.getJobs(["waiting", "prioritized", "delayed"]);
  return Object.fromEntries(jobs.map((job) => [job.id!.replace(`repeat:s:`, ""), job.delay]));
}

/** Takes the scheduler's next job and completes it. */
async function runNext(queue: TestQueue): Promise<string | undefined> {
  const worker = kit.worker(queue);
  const job = await take(worker);
  await job?.moveToCompleted(1, TOKEN, false);
  return job?.id;
}

describe("intervals", () => {
  test("the first job waits, the next is made when a worker takes it", async () => {
    const queue = kit.queue();
    const job = await queue.upsertJobScheduler(
      "s",
      { every: MINUTE },
      { name: "tick", data: { n: 1 } },
    );
    expect(job).toMatchObject({ id: due(0), name: "tick", data: { n: 1 } });
    expect(await ahead(queue)).toEqual({ [START]: 0 });

    vi.setSystemTime(START + 100);
    const taken = await take(kit.worker(queue));
    expect(taken).toMatchObject({ id: due(0), name: "tick", data: { n: 1 }, repeatJobKey: "s" });
    expect(await ahead(queue)).toEqual({ [START + MINUTE]: MINUTE - 100 });
    expect(await queue.getJobScheduler("s")).toMatchObject({
      iterationCount: 2,
      next: START + MINUTE,
    });
  });

  test("runs that were missed are skipped", async () => {
    const queue = kit.queue();
    await queue.upsertJobScheduler("s", { every: MINUTE });
    await runNext(queue);
    vi.setSystemTime(START + 5.5 * MINUTE);
    expect(await runNext(queue)).toBe(due(MINUTE));
    expect(await ahead(queue)).toEqual({ [START + 6 * MINUTE]: 0.5 * MINUTE });
  });

  test("an offset shifts the slots, from the first job on", async () => {
    const queue = kit.queue();
    await queue.upsertJobScheduler("s", { every: MINUTE, offset: 20 * SECOND });
    expect(await ahead(queue)).toEqual({ [START + 20 * SECOND]: 20 * SECOND });
    vi.setSystemTime(START + 3 * MINUTE);
    expect(await runNext(queue)).toBe(due(20 * SECOND));
    expect(await ahead(queue)).toEqual({ [START + 3 * MINUTE + 20 * SECOND]: 20 * SECOND });
    expect(await queue.getJobScheduler("s")).toMatchObject({ offset: 20 * SECOND });
  });

  test("a start date in the future delays the first job", async () => {
    const queue = kit.queue();
    const startDate = new Date(START + 90 * SECOND);
    await queue.upsertJobScheduler("s", { every: MINUTE, startDate });
    expect(await ahead(queue)).toEqual({ [START + 90 * SECOND]: 90 * SECOND });
    expect(await queue.getJobScheduler("s")).toMatchObject({
      startDate: startDate.getTime(),
      offset: 30 * SECOND,
    });
  });

  test("a limit ends it, and so does an end date", async () => {
    for (const end of [{ limit: 2 }, { endDate: START + MINUTE + 1 }]) {
      const queue = kit.queue();
      vi.setSystemTime(START);
      await queue.upsertJobScheduler("s", { every: MINUTE, ...end });
      await runNext(queue);
      vi.setSystemTime(START + MINUTE + 2);
      expect(await runNext(queue)).toBe(due(MINUTE));
      expect(await ahead(queue)).toEqual({});
    }
  });
});

describe("changing a scheduler", () => {
  test("keeps the time of the job it replaces if the interval is the same", async () => {
    const queue = kit.queue();
    await queue.upsertJobScheduler("s", { every: MINUTE });
    await runNext(queue);
    vi.setSystemTime(START + 10 * SECOND);
    await queue.upsertJobScheduler("s", { every: MINUTE }, { data: { version: 2 } });
    expect(await ahead(queue)).toEqual({ [START + MINUTE]: 50 * SECOND });
    expect((await queue.getJob(due(MINUTE)))!.data).toEqual({ version: 2 });
    expect(await queue.getJobScheduler("s")).toMatchObject({
      iterationCount: 2,
      template: { data: { version: 2 } },
    });
  });

  test("starts over at once if the interval is another", async () => {
    const queue = kit.queue();
    await queue.upsertJobScheduler("s", { every: MINUTE });
    await runNext(queue);
    vi.setSystemTime(START + 10 * SECOND);
    await queue.upsertJobScheduler("s", { every: 2 * MINUTE });
    expect(await ahead(queue)).toEqual({ [START + 10 * SECOND]: 0 });
  });

  test("leaves a job that is being processed alone, and adds the one after it", async () => {
    const queue = kit.queue();
    await queue.upsertJobScheduler("s", { every: MINUTE });
    const active = await take(kit.worker(queue));
    await queue.removeJobScheduler("s");
    await queue.upsertJobScheduler("s", { every: MINUTE });
    expect(await active!.getState()).toBe("active");
    expect(await ahead(queue)).toEqual({ [START + MINUTE]: MINUTE });
  });

  test.each([
    ["delayed", {}],
    ["waiting", {}],
    ["prioritized", { priority: 7 }],
  ])("replaces a %s job", async (state, opts) => {
    const queue = kit.queue();
    const job = await queue.upsertJobScheduler("s", { pattern: EVERY_MINUTE }, { opts });
    if (state !== "delayed") await job.promote();
    expect(await job.getState()).toBe(state);
    await queue.upsertJobScheduler("s", { pattern: "30 * * * * *" }, { opts });
    expect(await ahead(queue)).toEqual({ [START + 30 * SECOND]: 30 * SECOND });
    expect(await queue.getJobSchedulersCount()).toBe(1);
  });

  test("leaves a job that waits in a paused queue", async () => {
    const queue = kit.queue();
    await queue.pause();
    await queue.upsertJobScheduler("s", { every: MINUTE });
    await queue.upsertJobScheduler("s", { every: MINUTE });
    await queue.upsertJobScheduler("s", { every: MINUTE });
    expect(await ahead(queue)).toEqual({ [START]: 0, [START + MINUTE]: MINUTE });
  });

  test("many times at once leaves one scheduler and one job", async () => {
    const queue = kit.queue();
    await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        queue.upsertJobScheduler("s", { every: (n + 1) * MINUTE }),
      ),
    );
    expect(await queue.getJobSchedulersCount()).toBe(1);
    expect(await ahead(queue)).toEqual({ [START]: 0 });
    expect(await queue.getJobScheduler("s")).toMatchObject({ every: 20 * MINUTE });
  });
});

describe("job ids that are taken", () => {
  test("an interval passes over the slots of finished jobs", async () => {
    const queue = kit.queue();
    for (const slot of [0, 1, 3]) await queue.add("old", {}, { jobId: due(slot * MINUTE) });
    await queue.upsertJobScheduler("s", { every: MINUTE });
    expect(await queue.getJobScheduler("s")).toMatchObject({ next: START + 2 * MINUTE });
    expect(await queue.getJob(due(2 * MINUTE))).toMatchObject({ delay: 2 * MINUTE });
  });

  test("an interval gives up after 32 slots, and stores nothing", async () => {
    const queue = kit.queue();
    await queue.addBulk(
      Array.from({ length: 33 }, (_, slot) => ({
        name: "old",
        data: {},
        opts: { jobId: due(slot * MINUTE) },
      })),
    );
    await expect(queue.upsertJobScheduler("s", { every: MINUTE })).rejects.toMatchObject({
      code: -11,
    });
    expect(await queue.getJobSchedulersCount()).toBe(0);
    expect(await queue.getWaitingCount()).toBe(33);
  });

  test("a pattern is refused, and stores nothing", async () => {
    const queue = kit.queue();
    await queue.add("old", {}, { jobId: due(MINUTE) });
    const upsert = queue.upsertJobScheduler("s", { pattern: EVERY_MINUTE });
    await expect(upsert).rejects.toThrow(
      "Cannot create job scheduler iteration - job ID already exists. addJobScheduler",
    );
    expect(await queue.getJobScheduler("s")).toBeUndefined();
  });

  test.each(["active", "completed"])(
    "a pattern comes back to the time of its promoted, %s job",
    async (state) => {
      const queue = kit.queue();
      const promoted = await queue.upsertJobScheduler("s", { pattern: EVERY_MINUTE });
      await promoted.promote();
      const worker = kit.worker(queue);
      const job = await take(worker);
      if (state === "completed") await job!.moveToCompleted(1, TOKEN, false);
      expect(await ahead(queue)).toEqual({ [START + 2 * MINUTE]: 2 * MINUTE });

      const again = await queue.upsertJobScheduler(
        "s",
        { pattern: EVERY_MINUTE },
        { data: { n: 2 } },
      );
      expect(again.id).not.toBe(promoted.id);
      expect(await queue.getJobScheduler("s")).toMatchObject({ next: START + MINUTE });
      expect(await queue.getDelayed()).toMatchObject([{ delay: MINUTE, data: { n: 2 } }]);
      expect(await promoted.getState()).toBe(state);

      vi.setSystemTime(START + MINUTE);
      expect(await runNext(queue)).toBe(again.id);
      expect(await queue.getJobScheduler("s")).toMatchObject({ next: START + 2 * MINUTE });
      expect(await queue.getDelayedCount()).toBe(1);
    },
  );
});

describe("the chain of iterations", () => {
  test("only the current iteration makes the next one", async () => {
    const queue = kit.queue();
    const worker = kit.worker(queue);
    await queue.upsertJobScheduler("s", { every: MINUTE });
    const first = (await take(worker))!;
    await first.moveToFailed(new Error("no"), TOKEN, false);
    await first.retry();
    await take(worker);
    expect(await queue.getDelayedCount()).toBe(1);
    expect(await queue.getJobScheduler("s")).toMatchObject({ iterationCount: 2 });
  });

  test("a next job that exists is told, not added", async () => {
    const queue = kit.queue();
    await queue.upsertJobScheduler("s", { every: MINUTE });
    await queue.add("mine", {}, { jobId: due(MINUTE), delay: 5 * MINUTE });
    await take(kit.worker(queue));
    expect((await eventsOf(queue)).at(-1)).toEqual({ event: "duplicated", jobId: due(MINUTE) });
    expect(await queue.getJobScheduler("s")).toMatchObject({ iterationCount: 1, next: START });
  });

  test("a removed scheduler makes no more", async () => {
    const queue = kit.queue();
    await queue.upsertJobScheduler("s", { every: MINUTE });
    await queue.removeJobScheduler("s");
    expect(await runNext(queue)).toBe(due(0));
    expect(await ahead(queue)).toEqual({});
  });

  test("jobs take their payload from the scheduler as it is now", async () => {
    const queue = kit.queue();
    await queue.upsertJobScheduler("s", { every: MINUTE }, { name: "tick", data: { n: 1 } });
    const job = (await take(kit.worker(queue)))!;
    await job.updateData({ n: 99 });
    expect((await queue.getJob(due(MINUTE)))!.data).toEqual({ n: 1 });
  });

  test("a stalled scheduler job is never failed for it", async () => {
    const queue = kit.queue();
    const worker = kit.worker(queue);
    await queue.upsertJobScheduler("s", { every: 60 * MINUTE });
    for (let stall = 0; stall < 4; stall++) {
      expect((await take(worker))?.id).toBe(due(0));
      for (let check = 0; check < 2; check++) {
        vi.setSystemTime(Date.now() + 31 * SECOND);
        await worker.getBackend().moveStalledJobsToWait();
      }
      expect(await (await queue.getJob(due(0)))!.getState()).toBe("waiting");
    }
  });

  test("options reach every job, without what only BullMQ's scheduler needs", async () => {
    const queue = kit.queue();
    const opts = { attempts: 3, priority: 5, deduplication: { id: "d" } };
    await queue.upsertJobScheduler("s", { every: MINUTE }, { opts });
    const worker = kit.worker(queue);
    const first = (await take(worker))!;
    const second = (await queue.getJob(due(MINUTE)))!;
    for (const job of [first, second]) {
      expect(job.opts).toMatchObject(opts);
      expect(job.deduplicationId).toBe("d");
      expect((job.opts as JobSchedulerJobOptions).repeat).not.toHaveProperty("offset");
    }
    expect((second.opts as JobSchedulerJobOptions).repeat).toEqual({ every: MINUTE, count: 2 });
  });
});

describe("removal", () => {
  test("takes the delayed job along", async () => {
    const queue = kit.queue();
    await queue.upsertJobScheduler("s", { pattern: EVERY_MINUTE });
    expect(await queue.removeJobScheduler("s")).toBe(true);
    expect(await queue.getJobCounts()).toMatchObject({ delayed: 0, waiting: 0 });
    expect((await eventsOf(queue)).at(-1)).toEqual({
      event: "removed",
      jobId: due(MINUTE),
      prev: "delayed",
    });
    expect(await queue.removeJobScheduler("s")).toBe(false);
  });

  test("leaves a job that waits already", async () => {
    const queue = kit.queue();
    await queue.upsertJobScheduler("s", { every: MINUTE });
    await queue.removeJobScheduler("s");
    expect(await queue.getWaitingCount()).toBe(1);
  });

  test("of the next job alone is refused; draining and cleaning pass it over", async () => {
    const queue = kit.queue();
    const job = await queue.upsertJobScheduler("s", { pattern: EVERY_MINUTE });
    await expect(job.remove()).rejects.toMatchObject({ code: -8 });
    await queue.drain(true);
    await queue.clean(0, 100, "delayed");
    expect(await ahead(queue)).toEqual({ [START + MINUTE]: MINUTE });
  });
});

describe("looking at schedulers", () => {
  test("they are listed by when they are due, with indexes from either end", async () => {
    const queue = kit.queue();
    for (const minute of [3, 1, 2]) {
      await queue.upsertJobScheduler(`m${minute}`, { pattern: `0 ${minute} * * * *` });
    }
    const keys = async (...range: [number?, number?, boolean?]) =>
      (await queue.getJobSchedulers(...range)).map(({ key }) => key);
    expect(await keys(0, -1, true)).toEqual(["m1", "m2", "m3"]);
    expect(await keys()).toEqual(["m3", "m2", "m1"]);
    expect(await keys(1, 1, true)).toEqual(["m2"]);
    expect(await keys(-2, -1)).toEqual(["m2", "m1"]);
    expect(await keys(3, 9)).toEqual([]);
    expect(await queue.getJobSchedulersCount()).toBe(3);
  });

  test("all that was set comes back", async () => {
    const queue = kit.queue();
    const endDate = START + 60 * MINUTE;
    await queue.upsertJobScheduler(
      "s",
      { pattern: EVERY_MINUTE, tz: "Europe/Berlin", limit: 9, endDate },
      { name: "tick", data: { a: 1 }, opts: { attempts: 2 } },
    );
    const expected = {
      key: "s",
      name: "tick",
      next: START + MINUTE,
      iterationCount: 1,
      limit: 9,
      endDate,
      tz: "Europe/Berlin",
      pattern: EVERY_MINUTE,
      offset: 0,
      template: { data: { a: 1 }, opts: { attempts: 2 } },
    };
    expect(await queue.getJobScheduler("s")).toEqual(expected);
    expect(await queue.getJobSchedulers()).toEqual([expected]);
  });

  test("an empty template is none", async () => {
    const queue = kit.queue();
    await queue.upsertJobScheduler("s", { every: MINUTE });
    expect(await queue.getJobScheduler("s")).not.toHaveProperty("template");
  });

  test("one that is not there is undefined, also in a queue that is not there", async () => {
    const queue = kit.queue({ skipMetasUpdate: true });
    expect(await queue.getJobScheduler("s")).toBeUndefined();
    expect(await queue.getJobSchedulers()).toEqual([]);
    expect(await queue.getJobSchedulersCount()).toBe(0);
    expect(await queue.getBackend().isJobScheduler("s")).toBe(false);
    expect(await queue.getBackend().getJobSchedulerData("s")).toEqual({});
  });

  test("ids may have colons", async () => {
    const queue = kit.queue();
    const id = "a:b:c:d:e:2000";
    await queue.upsertJobScheduler(id, { every: MINUTE });
    expect(await queue.getBackend().isJobScheduler(id)).toBe(true);
    await runNext(queue);
    expect(await queue.getJobScheduler(id)).toMatchObject({ key: id, iterationCount: 2 });
  });
});
