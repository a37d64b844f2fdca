/** What the compiler makes of the idiom. The functions are type-checked and never called. */
import type * as bullmq from "bullmq";
import { Redis } from "ioredis";
import type pg from "pg";
import { expectTypeOf, test } from "vitest";
import {
  type ConnectionOptions,
  FlowProducer,
  type Job,
  Queue,
  QueueEvents,
  Worker,
} from "./index.ts";

/** Takes code that is there to be type-checked. */
function compiles(_code: (...args: never[]) => unknown): void {}

interface Mail {
  to: string;
}
interface Receipt {
  messageId: string;
}
type MailName = "welcome" | "digest";

test("a queue is typed by its data, result and names", () => {
  compiles(async () => {
    const queue = new Queue<Mail, Receipt, MailName>("mails");
    const job = await queue.add("welcome", { to: "ada" }, { attempts: 3, delay: 5 });
    expectTypeOf(job).toEqualTypeOf<Job<Mail, Receipt, MailName>>();
    expectTypeOf(await job.waitUntilFinished()).toEqualTypeOf<Receipt>();
    expectTypeOf(await queue.getJob("1")).toEqualTypeOf<
      bullmq.Job<Mail, Receipt, MailName> | undefined
    >();
    // @ts-expect-error no such name
    await queue.add("goodbye", { to: "ada" });
    // @ts-expect-error no such data
    await queue.add("digest", { from: "ada" });
    await queue.addBulk([{ name: "digest", data: { to: "ada" }, opts: { repeat: { every: 5 } } }]);
    // @ts-expect-error no such option of repeat
    await queue.add("digest", { to: "ada" }, { repeat: { everyMs: 5 } });
  });
});

test("a queue without types takes anything, and one typed by a job knows the job's", () => {
  compiles(async () => {
    const anything = new Queue("jobs");
    expectTypeOf((await anything.add("a", 1)).data).toBeAny();
    const typed = new Queue<Job<Mail, Receipt, MailName>>("mails");
    expectTypeOf((await typed.add("welcome", { to: "ada" })).data).toEqualTypeOf<Mail>();
  });
});

test("a worker's types come from its arguments or from its processor", () => {
  compiles(() => {
    const explicit = new Worker<Mail, Receipt>("mails", async (job) => {
      expectTypeOf(job.data).toEqualTypeOf<Mail>();
      return { messageId: job.data.to };
    });
    explicit.on("completed", (job, result) => {
      expectTypeOf(job.data).toEqualTypeOf<Mail>();
      expectTypeOf(result).toEqualTypeOf<Receipt>();
    });
    const inferred = new Worker("mails", async (job: Job<Mail>) => ({ messageId: job.data.to }), {
      concurrency: 5,
      attempts: 3,
      backoff: { type: "exponential", delay: 10 },
    });
    inferred.on("completed", (job) => expectTypeOf(job.data).toEqualTypeOf<Mail>());
    const manual: Worker = new Worker("mails");
    return manual;
  });
});

test("connections of every kind are accepted, and nothing that is none", () => {
  expectTypeOf<string>().toExtend<ConnectionOptions>();
  expectTypeOf<{ url: string; durability: "relaxed" }>().toExtend<ConnectionOptions>();
  expectTypeOf<{ host: string; port: number }>().toExtend<ConnectionOptions>();
  expectTypeOf<Redis>().toExtend<ConnectionOptions>();
  expectTypeOf<pg.Pool>().toExtend<ConnectionOptions>();
  expectTypeOf<{ connectionString: string; schema: string }>().toExtend<ConnectionOptions>();
  expectTypeOf<number>().not.toExtend<ConnectionOptions>();
  compiles(() => [
    new Queue("a"),
    new Queue("a", {}),
    new Queue("a", { connection: undefined }),
    new Queue("a", { connection: "file:a.db", prefix: "p" }),
    new QueueEvents<Receipt>("a"),
    new FlowProducer(),
    new FlowProducer({ connection: new Redis() }),
  ]);
});

test("queues, workers and jobs go where BullMQ's are asked for", () => {
  expectTypeOf<Queue<Mail, Receipt>>().toExtend<bullmq.Queue>();
  expectTypeOf<Worker<Mail, Receipt>>().toExtend<bullmq.Worker>();
  expectTypeOf<QueueEvents>().toExtend<bullmq.QueueEvents>();
  expectTypeOf<FlowProducer>().toExtend<bullmq.FlowProducer>();
  expectTypeOf<Job<Mail>>().toExtend<bullmq.Job<Mail>>();
});

test("waiting with a QueueEvents works as in BullMQ", () => {
  compiles(async (job: Job<Mail, Receipt>, bullmqJob: bullmq.Job<Mail, Receipt>) => {
    const events = new QueueEvents("mails");
    expectTypeOf(await job.waitUntilFinished(events, 5)).toEqualTypeOf<Receipt>();
    expectTypeOf(await bullmqJob.waitUntilFinished(events)).toEqualTypeOf<Receipt>();
  });
});
