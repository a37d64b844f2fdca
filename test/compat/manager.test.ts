import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { randomUUID } from "node:crypto";
import { afterAll, describe, expect, onTestFinished, test } from "vitest";
import type { ConnectionOptions } from "../../src/bullmq/index.ts";
import {
  createQueueManager,
  type TaskProcessor,
  type TaskUpdate,
} from "../../src/manager/index.ts";
import { Gate } from "../support/gate.ts";

const folder = mkdtempSync(join(tmpdir(), "longhaul-compat-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe.each<[string, () => ConnectionOptions]>([
  ["a SQLite file", () => `file:${join(folder, "jobs.db")}`],
  ["Redis", () => process.env["REDIS_URL"]!],
  ["PostgreSQL", () => process.env["POSTGRES_URL"]!],
])("a queue manager on %s", (_, connection) => {
  /** A manager with a worker, and one that controls it from elsewhere. */
  async function setUp(processor: TaskProcessor<unknown, unknown>) {
    const task = `task-${randomUUID().slice(0, 8)}`;
    const errors: Error[] = [];
    const options = {
      connection: connection(),
      onError: (error: Error) => void errors.push(error),
    };
    const manager = createQueueManager(options);
    const other = createQueueManager({ ...options, workers: false });
    const seen: [string, TaskUpdate][] = [];
    let wake = (): void => {};
    other.onTaskUpdate((_task, id, update) => {
      seen.push([id, update]);
      wake();
    });
    manager.registerTask(task, { processor, attempts: 1, concurrency: 1 });
    other.registerTask(task, {});
    onTestFinished(async () => {
      await manager.close();
      await other.close();
      expect(errors).toEqual([]);
    });
    const when = async (id: string, wanted: (update: TaskUpdate) => boolean) => {
      for (;;) {
        const found = seen.find((update) => update[0] === id && wanted(update[1]));
        if (found) return found[1];
        await new Promise<void>((resolve) => (wake = resolve));
      }
    };
    const completed = (id: string) => when(id, ({ status }) => status === "completed");
    return { task, manager, other, when, completed };
  }

  test("a waiting job is paused, is not run, and runs when it is resumed", async () => {
    const gate = new Gate();
    const started: string[] = [];
    const { task, other, completed } = await setUp(async ({ id }) => {
      started.push(id);
      await gate.pass();
      return "ran";
    });
    const first = await other.addJob(task, {});
    await gate.reached;
    const id = await other.addJob(task, {});
    const last = await other.addJob(task, {});
    expect(await other.pauseJob(task, id)).toBe(true);
    gate.open();
    await completed(last);
    expect(started).toEqual([first, last]);
    expect(await other.getJobState(task, id)).toBe("paused");
    expect(await other.resumeJob(task, id)).toBe(true);
    expect(await completed(id)).toMatchObject({ result: "ran" });
    expect(await other.getJob(task, id)).toMatchObject({ attemptsMade: 1 });
    expect(await other.getJobState(task, id)).toBe("completed");
  });

  test("a running job waits in its progress while it is paused", async () => {
    const gate = new Gate();
    let passed = 0;
    const { task, other, when, completed } = await setUp(async ({ updateProgress }) => {
      await gate.pass();
      await updateProgress({ percentage: 50, message: "half" });
      return ++passed;
    });
    const id = await other.addJob(task, {});
    await gate.reached;
    await other.pauseJob(task, id);
    gate.open();
    const { progress } = await when(id, (update) => update.progress !== undefined);
    expect(progress).toEqual({ percentage: 50, message: "half" });
    expect(passed).toBe(0);
    await other.resumeJob(task, id);
    expect(await completed(id)).toMatchObject({ result: 1 });
  });

  test("a running job is removed, and its signal is aborted", async () => {
    const aborted = new Gate();
    const running = new Gate();
    const { task, other, when } = await setUp(async ({ signal }) => {
      signal.addEventListener("abort", () => void aborted.pass());
      await running.pass();
      await aborted.reached;
    });
    running.open();
    const id = await other.addJob(task, {});
    await running.reached;
    expect(await other.removeJob(task, id)).toBe(true);
    await aborted.reached;
    expect(await other.getJobState(task, id)).toBe("unknown");
    await when(id, ({ status }) => status === "removed");
  });

  test("a delayed job is paused and removed", async () => {
    const { task, other } = await setUp(async () => {});
    const id = await other.addJob(task, {}, { delay: 60_000 });
    await other.pauseJob(task, id);
    expect(await other.getJobState(task, id)).toBe("paused");
    expect(await other.removeJob(task, id)).toBe(true);
    expect(await other.getJobState(task, id)).toBe("unknown");
  });
});
