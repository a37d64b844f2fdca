// "bullmq" first, which is how sorted imports have it.
import { Queue, Worker } from "bullmq";
import { afterEach, expect, test, vi } from "vitest";
import "./register.ts";
import type { JobsOptions } from "./types.ts";

afterEach(() => {
  vi.unstubAllEnvs();
});

test("register still works after bullmq was imported, and a Worker's connection may be {}", async () => {
  vi.stubEnv("LONGHAUL_URL", ":memory:");
  const queue = new Queue("late");
  const worker = new Worker("late", async ({ data }) => data * 2, { connection: {} });
  const job = await queue.add("a", 21);
  await expect((job.waitUntilFinished as () => Promise<number>)()).resolves.toBe(42);
  const opts: JobsOptions = { repeat: { pattern: "0 0 1 1 *", key: "new-year" } };
  const repeated = await queue.add("b", 1, opts);
  expect(repeated.repeatJobKey).toBe("new-year");
  await Promise.all([worker, queue].map((thing) => thing.close()));
});
