import { describe, expect, test } from "vitest";
import { queueKit, take, takeAll } from "./queue-kit.ts";

const kit = queueKit();

describe("changing a priority", () => {
  test("moves a waiting job to the back of that priority", async () => {
    const queue = kit.queue();
    const [first, , , last] = await queue.addBulk([
      { name: "first", data: {} },
      { name: "second", data: {} },
      { name: "third", data: {}, opts: { priority: 5 } },
      { name: "last", data: {}, opts: { priority: 9 } },
    ]);
    await first!.changePriority({ priority: 5 });
    await last!.changePriority({ priority: 0 });
    expect((await queue.getJob(first!.id!))?.priority).toBe(5);
    expect(await first!.getState()).toBe("prioritized");
    expect(await last!.getState()).toBe("waiting");
    expect(await takeAll(kit.worker(queue))).toEqual(["second", "last", "third", "first"]);
  });

  test("with lifo to its front", async () => {
    const queue = kit.queue();
    const [, , third, fourth] = await queue.addBulk([
      { name: "first", data: {} },
      { name: "second", data: {}, opts: { priority: 5 } },
      { name: "third", data: {}, opts: { priority: 7 } },
      { name: "fourth", data: {}, opts: { priority: 7 } },
    ]);
    await third!.changePriority({ priority: 5, lifo: true });
    await fourth!.changePriority({ lifo: true });
    expect(await takeAll(kit.worker(queue))).toEqual(["fourth", "first", "third", "second"]);
  });

  test("a job that does not wait has it when it does", async () => {
    const queue = kit.queue();
    const delayed = await queue.add("delayed", {}, { delay: 60_000 });
    await delayed.changePriority({ priority: 3 });
    expect(await delayed.getState()).toBe("delayed");
    await delayed.promote();
    expect(await delayed.getState()).toBe("prioritized");
  });

  test("an active job keeps its place, and has it when it is retried", async () => {
    const queue = kit.queue();
    const worker = kit.worker(queue);
    await queue.add("job", {}, { attempts: 2 });
    const job = (await take(worker))!;
    await job.changePriority({ priority: 3 });
    expect(await job.getState()).toBe("active");
    await job.moveToFailed(new Error("once more"), "token", false);
    expect(await job.getState()).toBe("prioritized");
  });

  test("is refused for a job that does not exist", async () => {
    const queue = kit.queue();
    const job = await queue.add("job", {});
    await job.remove();
    await expect(job.changePriority({ priority: 1 })).rejects.toMatchObject({
      code: -1,
      message: `Missing key for job ${job.id}. changePriority`,
    });
  });
});
