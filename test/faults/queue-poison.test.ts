/** Values that cannot be stored fail their own job alone; strange ones that can come back as they were. */
import type { Job } from "bullmq";
import { describe, expect, test } from "vitest";
import { checkFile } from "./queue-check-file.ts";
import { faultsKit, Queue, uniqueName, until, Worker } from "./queue-kit.ts";

const kit = faultsKit();

function scene(handle: (job: Job) => unknown) {
  const place = kit.place();
  const { connection } = place;
  const queue = kit.closing(new Queue(uniqueName("poison"), { connection }));
  const worker = kit.closing(
    new Worker(queue.name, async (job) => handle(job), { connection, concurrency: 5 }),
  );
  const errors: Error[] = [];
  worker.on("error", (error) => errors.push(error));
  const ended = (count: number) =>
    until(`${count} jobs ended`, async () => {
      const { completed = 0, failed = 0 } = await queue.getJobCounts("completed", "failed");
      return completed + failed === count;
    });
  return { place, queue, worker, errors, ended };
}

const cyclic: Record<string, unknown> = {};
cyclic["self"] = cyclic;
const hostile = {
  toJSON() {
    throw new Error("not today");
  },
};
const unstorable = { bigint: { big: 1n }, cyclic, hostile };

describe("what does not serialise", () => {
  test.each(Object.entries(unstorable))("fails its own call as data: %s", async (_, data) => {
    const { place, queue, ended } = scene(() => "done");
    const outcomes = await Promise.allSettled([
      queue.add("before", {}),
      queue.add("bad", data),
      queue.add("after", {}),
      queue.addBulk([
        { name: "with", data: {} },
        { name: "bad", data },
      ]),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual([
      "fulfilled",
      "rejected",
      "fulfilled",
      "rejected",
    ]);
    await ended(2);
    expect(await queue.getCompletedCount()).toBe(2);
    expect(checkFile(place.path)).toEqual([]);
  });

  test.each(Object.entries(unstorable))("fails its own job as result: %s", async (_, value) => {
    const { place, queue, ended } = scene((job) => (job.name === "bad" ? value : job.name));
    await queue.addBulk(["a", "bad", "b"].map((each) => ({ name: each, data: {} })));
    await ended(3);
    expect(await queue.getCompletedCount()).toBe(2);
    const [failed] = await queue.getFailed();
    expect(failed).toMatchObject({ name: "bad", failedReason: expect.any(String) });
    expect(failed!.failedReason).not.toBe("");
    expect(checkFile(place.path)).toEqual([]);
  });

  test("fails the update alone: progress and data", async () => {
    const seen: string[] = [];
    const { place, queue, ended } = scene(async (job) => {
      await job.updateProgress(cyclic).catch(() => seen.push("progress"));
      await job.updateData({ big: 1n }).catch(() => seen.push("data"));
      return "done";
    });
    await queue.add("job", { kept: true });
    await ended(1);
    expect(seen).toEqual(["progress", "data"]);
    expect((await queue.getCompleted())[0]).toMatchObject({
      data: { kept: true },
      progress: 0,
      returnvalue: "done",
    });
    expect(checkFile(place.path)).toEqual([]);
  });
});

describe("what is thrown", () => {
  // BullMQ itself cannot fail a job with what has no properties; such a job is left to the stalled check.
  test.each([[undefined], [null]])("leaves the job active: %s", async (value) => {
    const { place, queue } = scene((job) => {
      // oxlint-disable-next-line typescript/only-throw-error -- what users do, too
      if (job.name === "bad") throw value;
      return "fine";
    });
    await queue.addBulk(["bad", "good"].map((name) => ({ name, data: {} })));
    await until("the good one is done", async () => (await queue.getCompletedCount()) === 1);
    expect(await queue.getActiveCount()).toBe(1);
    expect(checkFile(place.path)).toEqual([]);
  });

  const thrown: Record<string, unknown> = {
    "a string": "just a string",
    "an object": { code: 7 },
    "an error with no message": new Error(""),
    "an error with a cycle": Object.assign(new Error("round"), { cyclic }),
  };

  test.each(Object.entries(thrown))("ends the job, and not the worker: %s", async (_, value) => {
    const { place, queue, worker, ended } = scene((job) => {
      if (job.name === "bad") throw value;
      return "fine";
    });
    await queue.addBulk(["bad", "good"].map((name) => ({ name, data: {} })));
    await until("the good one is done", async () => (await queue.getCompletedCount()) === 1);
    expect(worker.isRunning()).toBe(true);
    await queue.add("good", {});
    await until("another one is done", async () => (await queue.getCompletedCount()) === 2);
    await ended(3);
    expect(await queue.getFailedCount()).toBe(1);
    expect(checkFile(place.path)).toEqual([]);
  });
});

describe("strange but storable", () => {
  const deep = (levels: number): unknown => JSON.parse("[".repeat(levels) + "]".repeat(levels));
  const payloads: Record<string, unknown> = {
    "ten megabytes": { text: "0123456789".repeat(1024 * 1024) },
    "a thousand levels": { deep: deep(1000) },
    "lone surrogates": { "\ud800": "\udfff", both: "\udfff\ud800" },
    NUL: { "\0": "a\0b", text: "\0" },
    __proto__: JSON.parse('{"__proto__": {"polluted": true}, "constructor": {"prototype": 1}}'),
    "control characters and separators": { text: "\x1e\x1f\x1b0\u2028\u2029\r\n\t" },
    "empty things": { "": "", none: null, list: [], object: {} },
    "numbers at the edges": [Number.MAX_SAFE_INTEGER, 5e-324, 1.7976931348623157e308, -0.1],
    "a string": "text",
    false: false,
    null: null,
  };

  test.each(Object.entries(payloads))("comes back as it was: %s", async (_, payload) => {
    const seen: unknown[] = [];
    const { place, queue, ended } = scene((job) => {
      seen.push(job.data);
      return job.data as unknown;
    });
    await queue.add("job", { payload });
    await ended(1);
    const [job] = await queue.getCompleted();
    const expected = JSON.stringify({ payload });
    expect(JSON.stringify(seen[0]) === expected).toBe(true);
    expect(JSON.stringify(job!.returnvalue) === expected).toBe(true);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    expect(checkFile(place.path)).toEqual([]);
  });

  test("ten thousand levels, in as far as JSON.stringify follows", async () => {
    const payload = deep(10_000);
    const { place, queue, ended } = scene((job) => job.data as unknown);
    const text = (() => {
      try {
        return JSON.stringify({ payload });
      } catch {
        return undefined;
      }
    })();
    const outcome = await queue.add("job", { payload }).then(
      () => "stored",
      () => "refused",
    );
    expect(outcome).toBe(text === undefined ? "refused" : "stored");
    await queue.add("other", {});
    await ended(text === undefined ? 1 : 2);
    expect(await queue.getFailedCount()).toBe(0);
    expect(checkFile(place.path)).toEqual([]);
  });

  test("names, ids, logs, reasons and keys", async () => {
    const strange =
      'it\'s "quoted"; DROP TABLE job; -- \0 \u{1F980} \x1e\x1f\x1b __proto__ %s $1 ?';
    const { place, queue, ended } = scene(async (job) => {
      await job.log(strange);
      await job.updateProgress({ [strange]: strange });
      throw new Error(strange);
    });
    const opts = { jobId: strange, deduplication: { id: strange } };
    await queue.add(strange, { [strange]: strange }, opts);
    expect(await queue.getDeduplicationJobId(strange)).not.toBe("");
    await ended(1);
    const job = await queue.getJob(strange);
    expect(job).toMatchObject({ id: strange, name: strange, failedReason: strange });
    expect(job!.progress).toEqual({ [strange]: strange });
    expect((await queue.getJobLogs(strange)).logs).toEqual([strange]);
    expect(checkFile(place.path)).toEqual([]);
  });
});
