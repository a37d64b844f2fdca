import { expect, onTestFinished, test } from "vitest";
import { Queue, Worker } from "../bullmq/index.ts";
import { JobControl, PARKED_MS } from "./job-control.ts";

const connection = ":memory:";
let count = 0;

/** A job in the hands of a worker, and the control of its queue. */
async function claimed() {
  const name = `controlled-${++count}`;
  const queue = new Queue(name, { connection });
  const worker = new Worker(name, null, { connection, autorun: false });
  onTestFinished(async () => {
    await worker.close();
    await queue.close();
  });
  const { id } = await queue.add("a", {}, { attempts: 3 });
  await worker.getNextJob("token", { block: false });
  return { queue, worker, id: id!, control: new JobControl(queue.getBackend()) };
}

test("a parked job has spent no attempt and comes back when it is woken", async () => {
  const { queue, id, control } = await claimed();
  await control.wish(id, "paused");
  await control.park(id, "token");
  const job = (await queue.getJob(id))!;
  expect(job).toMatchObject({ delay: PARKED_MS, attemptsMade: 0 });
  expect(await job.getState()).toBe("delayed");
  expect(await control.paused()).toEqual([id]);
  await control.wake(id);
  expect(await job.getState()).toBe("waiting");
});

test("resumed after its worker saw that it is paused, but before it was parked, it waits", async () => {
  const { queue, id, control } = await claimed();
  await control.wish(id, "paused");
  expect(await control.wishes(id)).toEqual({ isPaused: true, isRemoved: false });
  expect(await control.resume(id)).toBe(true);
  // Whoever resumed it found it active, and could not wake it.
  await control.park(id, "token");
  expect(await queue.getJobState(id)).toBe("waiting");
});

test("removed while it is being parked, it is gone, and so are the wishes", async () => {
  const { queue, id, control } = await claimed();
  await control.wish(id, "paused");
  await control.wish(id, "removed");
  await control.park(id, "token");
  expect(await queue.getJobState(id)).toBe("unknown");
  expect(await control.wishes(id)).toEqual({ isPaused: false, isRemoved: false });
});

test("a job is not removed under a worker's lock, and its holder removes it", async () => {
  const { queue, id, control } = await claimed();
  expect(await control.remove(id)).toBe(false);
  await control.discard(id, "token");
  expect(await queue.getJobState(id)).toBe("unknown");
  expect(await control.remove(id)).toBe(true);
});

test("a job that was lost to another worker is left to it", async () => {
  const { queue, id, control } = await claimed();
  await control.wish(id, "paused");
  await control.park(id, "another token");
  await control.discard(id, "another token");
  expect(await queue.getJobState(id)).toBe("active");
});
