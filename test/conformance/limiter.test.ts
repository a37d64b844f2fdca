import { describe, expect, test, vi } from "vitest";
import { queueKit, stopClock, takeAll, type TestQueue } from "./queue-kit.ts";

const kit = queueKit();

const limiter = { max: 2, duration: 1000 };

async function add(queue: TestQueue, count: number) {
  await queue.addBulk(Array.from({ length: count }, (_, i) => ({ name: `job ${i}`, data: {} })));
}

describe("a worker's limiter", () => {
  test("gives out so many jobs in a window that begins with the first", async () => {
    const now = stopClock();
    const queue = kit.queue();
    await add(queue, 5);
    expect(await takeAll(kit.worker(queue, { limiter }))).toEqual(["job 0", "job 1"]);
    expect(await queue.getRateLimitTtl(2)).toBe(1000);
    vi.setSystemTime(now + 999);
    expect(await takeAll(kit.worker(queue, { limiter }))).toEqual([]);
    vi.setSystemTime(now + 1000);
    expect(await queue.getRateLimitTtl(2)).toBe(0);
    expect(await takeAll(kit.worker(queue, { limiter }))).toEqual(["job 2", "job 3"]);
  });

  test("is one for the queue, whichever worker asks", async () => {
    const queue = kit.queue();
    await add(queue, 5);
    const [one, two] = [kit.worker(queue, { limiter }), kit.worker(queue, { limiter })];
    expect(await takeAll(one)).toHaveLength(2);
    expect(await takeAll(two)).toHaveLength(0);
    expect(await takeAll(kit.worker(queue))).toHaveLength(3);
  });

  test("the next claim says how long to wait", async () => {
    stopClock();
    const queue = kit.queue();
    await add(queue, 3);
    const worker = kit.worker(queue, { limiter });
    await takeAll(worker);
    vi.advanceTimersByTime(300);
    const other = kit.worker(queue, { limiter }) as unknown as {
      backend: { moveToActive(token: string): Promise<unknown> };
    };
    expect(await other.backend.moveToActive("other")).toEqual([null, "", 700, 0]);
  });
});

describe("the queue's limit", () => {
  test("goes for all workers, before their own", async () => {
    stopClock();
    const queue = kit.queue();
    await queue.setGlobalRateLimit(1, 500);
    expect(await queue.getGlobalRateLimit()).toEqual({ max: 1, duration: 500 });
    await add(queue, 4);
    expect(await takeAll(kit.worker(queue, { limiter }))).toEqual(["job 0"]);
    expect(await queue.getRateLimitTtl()).toBe(1000);
    vi.advanceTimersByTime(1000);
    expect(await takeAll(kit.worker(queue))).toEqual(["job 1"]);
    expect(await queue.getRateLimitTtl()).toBe(500);
    await queue.removeGlobalRateLimit();
    expect(await takeAll(kit.worker(queue))).toEqual(["job 2", "job 3"]);
  });
});

describe("limiting by hand", () => {
  test("holds back all workers that have a limiter, for that time", async () => {
    stopClock();
    const queue = kit.queue();
    await add(queue, 1);
    await queue.rateLimit(400);
    expect(await takeAll(kit.worker(queue, { limiter }))).toEqual([]);
    vi.advanceTimersByTime(400);
    expect(await takeAll(kit.worker(queue, { limiter }))).toEqual(["job 0"]);
  });

  test("does not hold back those that have none", async () => {
    const queue = kit.queue();
    await add(queue, 1);
    await queue.rateLimit(60_000);
    expect(await takeAll(kit.worker(queue))).toEqual(["job 0"]);
  });

  test("can be taken back", async () => {
    const queue = kit.queue();
    await add(queue, 1);
    await queue.rateLimit(60_000);
    expect(await queue.removeRateLimitKey()).toBe(1);
    expect(await queue.removeRateLimitKey()).toBe(0);
    expect(await takeAll(kit.worker(queue, { limiter }))).toEqual(["job 0"]);
  });

  test("what is left of it can be asked for", async () => {
    stopClock();
    const queue = kit.queue({ skipMetasUpdate: true });
    expect(await queue.getRateLimitTtl()).toBe(-2);
    expect(await queue.getRateLimitTtl(5)).toBe(0);
    await queue.rateLimit(400);
    vi.advanceTimersByTime(100);
    expect(await queue.getRateLimitTtl()).toBe(300);
    expect(await queue.getRateLimitTtl(5)).toBe(300);
    vi.advanceTimersByTime(300);
    expect(await queue.getRateLimitTtl()).toBe(-2);
    expect(await queue.getRateLimitTtl(5)).toBe(0);
  });
});
