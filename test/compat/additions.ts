import { once } from "node:events";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { IQueueBackend } from "bullmq";
import {
  type DeadLetter,
  type Job,
  retryDeadLetters,
  UnrecoverableError,
  Worker,
} from "../../src/bullmq/index.ts";
import { Stage } from "./stage.ts";
import type { Subject } from "./suite.ts";

/** What `longhaul/bullmq` has besides BullMQ, on every store. */
export function testAdditions({ name, connection }: Subject): void {
  describe(`on ${name}`, () => {
    let stage: Stage;

    beforeEach(() => {
      stage = new Stage(connection());
    });

    afterEach(async () => {
      await stage.close();
    });

    test("a job that failed for good is a dead letter, and runs again when that is retried", async () => {
      const queue = stage.queue<{ to: string }>();
      const letters = stage.queue<DeadLetter>("dead");
      let isRepaired = false;
      const worker = stage.worker(
        async () => {
          if (!isRepaired) throw new UnrecoverableError("no route");
          return "sent";
        },
        { deadLetterQueue: letters.name },
      );
      const failed = once(worker, "failed");
      const kept = await queue.add("mail", { to: "ada" });
      await failed;
      const again = once(worker, "failed");
      const gone = await queue.add("mail", { to: "bob" }, { removeOnFail: true });
      await again;
      const found = await letters.getJobs(["waiting"], 0, -1, true);
      expect(found.map(({ data }) => data)).toMatchObject([
        { originalJobId: kept.id, data: { to: "ada" }, error: "no route", attemptsMade: 1 },
        { originalJobId: gone.id, data: { to: "bob" }, originalQueue: queue.name },
      ]);
      isRepaired = true;
      const retried = await retryDeadLetters(letters.name, { connection: stage.connection });
      expect(retried).toEqual([
        { queue: queue.name, jobId: kept.id },
        { queue: queue.name, jobId: gone.id },
      ]);
      for (const { jobId } of retried) {
        const job = (await queue.getJob(jobId))!;
        await expect((job as Job).waitUntilFinished()).resolves.toBe("sent");
      }
      expect(await letters.count()).toBe(0);
    });

    test("a crash between the letter and the failure leaves one letter, not two", async () => {
      const queue = stage.queue();
      const letters = stage.queue<DeadLetter>("dead");
      const opts = { autorun: false, deadLetterQueue: letters.name, maxStalledCount: 9 };
      const short = { ...opts, lockDuration: 1, stalledInterval: 1 };
      const worker = stage.worker(async () => {}, short);
      const backend = worker.getBackend() as IQueueBackend;
      await queue.add("mail", {});
      const lost = await worker.getNextJob("token", { block: false });
      // Without its lock the failure is refused, which is how a crash before it looks from outside.
      await expect(backend.moveToFailed(lost, "no", false, "other", false)).rejects.toThrow(
        /lock/i,
      );
      while ((await queue.getActiveCount()) > 0) await backend.moveStalledJobsToWait();
      const again = await worker.getNextJob("token", { block: false });
      expect(again.attemptsStarted).toBe(2);
      await again.moveToFailed(new UnrecoverableError("no"), "0");
      expect(await letters.count()).toBe(1);
    });

    test("a job that is retried and fails again is another letter", async () => {
      const queue = stage.queue();
      const letters = stage.queue<DeadLetter>("dead");
      const opts = { autorun: false, deadLetterQueue: letters.name };
      const worker = stage.worker(async () => {}, opts);
      const fail = async () => {
        const job = await worker.getNextJob("token", { block: false });
        await job.moveToFailed(new UnrecoverableError("no"), "token");
        return job;
      };
      await queue.add("mail", {});
      const job = await fail();
      await job.retry();
      await fail();
      expect(await letters.count()).toBe(2);
      const first = { connection: stage.connection, count: 1 };
      await expect(retryDeadLetters(letters.name, first)).resolves.toHaveLength(1);
      expect(await letters.count()).toBe(1);
      expect(await queue.getJobCounts("waiting", "failed")).toEqual({ waiting: 1, failed: 0 });
    });

    test("a job that takes longer than its timeout is aborted and tried again", async () => {
      const queue = stage.queue();
      stage.worker(async (job, _token, signal) => {
        if (job.attemptsMade > 0) return (signal?.aborted, "made it");
        return await new Promise<string>((_, reject) =>
          signal?.addEventListener("abort", () => reject(signal.reason as Error)),
        );
      });
      const job = await queue.add("slow", {}, { timeout: 20, attempts: 2 });
      await expect(job.waitUntilFinished()).resolves.toBe("made it");
      const { failedReason } = (await queue.getJob(job.id!))!;
      expect(failedReason).toContain("ran for longer than its timeout of 20 ms");
    });

    test("an API that answers 429 holds the queue back, and costs the job no attempt", async () => {
      const queue = stage.queue();
      const calls: number[] = [];
      stage.worker(
        async (job) => {
          calls.push(Date.now());
          if (calls.length > 1) return job.attemptsMade;
          await queue.rateLimit(50);
          throw Worker.RateLimitError();
        },
        { limiter: { max: 100, duration: 1000 } },
      );
      const job = (await queue.add("call", {}, { attempts: 1 })) as Job;
      await expect(job.waitUntilFinished()).resolves.toBe(0);
      expect(calls).toHaveLength(2);
      expect(calls[1]! - calls[0]!).toBeGreaterThanOrEqual(49);
    });

    test("a payload above the limit is refused", async () => {
      const queue = stage.queue("jobs", { maxPayloadBytes: 10 });
      await expect(queue.addBulk([{ name: "a", data: "x".repeat(20) }])).rejects.toMatchObject({
        code: "BULLMQ_PAYLOAD_TOO_LARGE",
      });
      expect(await queue.count()).toBe(0);
    });
  });
}
