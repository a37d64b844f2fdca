/**
 * One job is paused, resumed and removed while other processes run it, and while they are killed: what was asked of a
 * job holds, whoever has it, and no attempt is spent.
 */
import { expect, test } from "vitest";
import { createQueueManager, type QueueManager, type TaskUpdate } from "../../src/manager/index.ts";
import type { ManagerSetting } from "./programs/manager-worker.ts";
import { faultsKit, uniqueName, until } from "./queue-kit.ts";
import { Child } from "./queue-processes.ts";

const kit = faultsKit();

/** A manager here that only controls, and a way to start workers elsewhere. */
function setUp() {
  const { connection } = kit.place();
  const task = uniqueName("task");
  const manager = kit.closing(createQueueManager({ connection, workers: false }));
  manager.registerTask(task, {});
  const setting: ManagerSetting = { connection, task };
  const start = (env = {}) => new Child("manager-worker", setting, { env });
  return { task, manager, start };
}

/** Resolves with the next such update of a job. */
const update = (manager: QueueManager, id: string, wanted: (update: TaskUpdate) => boolean) =>
  new Promise<TaskUpdate>((resolve) => {
    const end = manager.onTaskUpdate((_, jobId, seen) => {
      if (jobId !== id || !wanted(seen)) return;
      end();
      resolve(seen);
    });
  });

test("a job that is paused in a process that is killed stays paused, and starts again when resumed", async () => {
  const { task, manager, start } = setUp();
  const first = start();
  const id = await manager.addJob(task, {});
  await first.next("started");
  expect(await manager.pauseJob(task, id)).toBe(true);
  const atGate = update(manager, id, ({ progress }) => progress !== undefined);
  first.send({ type: "go-on" });
  await atGate;
  await first.kill();

  const second = start();
  await second.next("ready");
  const other = await manager.addJob(task, {});
  // It takes the job over, puts it off, and takes the next.
  expect(await second.next("started")).toMatchObject({ id: other });
  await until("the job is parked", async () => {
    const job = await manager.getJob(task, id);
    return (await job?.getState()) === "delayed";
  });
  expect(await manager.getJobState(task, id)).toBe("paused");
  second.send({ type: "go-on" });
  expect(await second.next("passed")).toMatchObject({ id: other });

  const completed = update(manager, id, ({ status }) => status === "completed");
  expect(await manager.resumeJob(task, id)).toBe(true);
  expect(await second.next("started")).toMatchObject({ id });
  second.send({ type: "go-on" });
  expect(await completed).toMatchObject({ result: second.pid });
  expect(await manager.getJob(task, id)).toMatchObject({ attemptsMade: 1 });
});

test("a job is paused and resumed in another process, between two progress calls", async () => {
  const { task, manager, start } = setUp();
  const child = start();
  const id = await manager.addJob(task, {});
  await child.next("started");
  await manager.pauseJob(task, id);
  const atGate = update(manager, id, ({ progress }) => progress !== undefined);
  child.send({ type: "go-on" });
  await atGate;
  expect(child.take("passed")).toEqual([]);
  await manager.resumeJob(task, id);
  await child.next("passed");
});

test("a job is removed from under another process, whose signal is aborted", async () => {
  const { task, manager, start } = setUp();
  const child = start();
  const id = await manager.addJob(task, {});
  await child.next("started");
  expect(await manager.removeJob(task, id)).toBe(true);
  expect((await child.next("aborted"))["reason"]).toContain(`Job ${id} was removed`);
  expect(await manager.getJobState(task, id)).toBe("unknown");
  expect(child.take("passed")).toEqual([]);
});

test("a job is removed whose process is killed while it runs", async () => {
  const { task, manager, start } = setUp();
  const first = start();
  const id = await manager.addJob(task, {});
  await first.next("started");
  first.signal("SIGSTOP");
  const removed = manager.removeJob(task, id);
  await first.kill();
  // Somebody must look after the queue for the lock of the dead to be taken.
  start();
  expect(await removed).toBe(true);
  expect(await manager.getJobState(task, id)).toBe("unknown");
});

/** A worker puts a job off in a commit of its own; this is where it is killed. */
const MOMENTS = ["delay:before-commit", "delay:after-commit"];

test.each(MOMENTS)("a worker is killed at %s, while it puts a paused job off", async (moment) => {
  const { task, manager, start } = setUp();
  const id = await manager.addJob(task, {});
  await manager.pauseJob(task, id);
  const first = start({ LONGHAUL_CRASH_AT: moment });
  expect(await first.end()).toEqual({ code: null, signal: "SIGKILL" });
  expect(await manager.getJobState(task, id)).toBe("paused");

  const second = start();
  await second.next("ready");
  const other = await manager.addJob(task, {});
  expect(await second.next("started")).toMatchObject({ id: other });
  expect(await manager.getJobState(task, id)).toBe("paused");
  await manager.resumeJob(task, id);
  expect(await second.next("started")).toMatchObject({ id });
  const completed = update(manager, id, ({ status }) => status === "completed");
  second.send({ type: "go-on" });
  await completed;
  expect(await manager.getJob(task, id)).toMatchObject({ attemptsMade: 1 });
});

test.each(MOMENTS)("a worker is killed at %s, while it gives up a removed job", async (moment) => {
  const { task, manager, start } = setUp();
  const first = start({ LONGHAUL_CRASH_AT: moment });
  const id = await manager.addJob(task, {});
  await first.next("started");
  const removed = manager.removeJob(task, id);
  expect(await first.end()).toEqual({ code: null, signal: "SIGKILL" });
  const second = start();
  expect(await removed).toBe(true);
  expect(await manager.getJobState(task, id)).toBe("unknown");
  expect(second.take("started")).toEqual([]);
});
