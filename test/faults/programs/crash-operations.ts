/**
 * What the crash tests do, one operation a crash label: how to prepare a queue for it, and its steps, each of which is
 * one transaction with that label. All ids, tokens and times are fixed, so that two runs write the same file.
 */
import { Job, withBackend } from "bullmq";
import { createSqliteBackend } from "../../../src/queue/index.ts";

const bullmq = withBackend(createSqliteBackend);

type Queue = InstanceType<typeof bullmq.Queue>;
type Worker = InstanceType<typeof bullmq.Worker>;

/** What an operation works with. Handlers are not run: jobs are taken and ended by hand. */
export interface Tools {
  readonly queue: Queue;
  readonly worker: Worker;
  readonly flows: InstanceType<typeof bullmq.FlowProducer>;
  /** Takes the next job. */
  take(): Promise<Job | undefined>;
  /** Takes the jobs that are active already, as the process that crashes goes on with what `prepare` claimed. */
  active(): Promise<Job>;
}

/** One operation of the store, by the label of its transaction. */
export interface Operation {
  readonly label: string;
  /** Where it differs from another with the same label. */
  readonly variant?: string;
  /** Options of the worker. */
  readonly options?: Record<string, unknown>;
  /** How often the label passes while the tools are opened. */
  readonly passesBefore?: number;
  prepare?(tools: Tools): Promise<unknown>;
  readonly steps: readonly ((tools: Tools) => Promise<unknown>)[];
}

const TOKEN = "token";
const QUEUE = "crash";

/** Opens all that an operation needs. */
export async function openTools(
  connection: string,
  operation: Operation,
): Promise<Tools & { close(): Promise<void> }> {
  const queue = new bullmq.Queue(QUEUE, { connection });
  const worker = new bullmq.Worker(QUEUE, null, {
    connection,
    autorun: false,
    ...operation.options,
  });
  const flows = new bullmq.FlowProducer({ connection });
  await Promise.all([queue.waitUntilReady(), worker.waitUntilReady()]);
  return {
    queue,
    worker,
    flows,
    take: () => worker.getNextJob(TOKEN, { block: false }),
    active: async () => {
      const [job] = await queue.getActive();
      return (await Job.fromId(worker, job!.id!))!;
    },
    close: async () => {
      await worker.close();
      await queue.close();
      await flows.close();
    },
  };
}

const addThree = ({ queue }: Tools) =>
  queue.addBulk([
    { name: "one", data: { key: "one" } },
    { name: "two", data: { key: "two" }, opts: { priority: 3 } },
    { name: "three", data: { key: "three" }, opts: { delay: 60_000 } },
  ]);
const addAndTake = async (tools: Tools) => {
  await addThree(tools);
  await tools.take();
};
/** An error whose stack does not tell which program it was thrown in. */
const failure = (reason: string) => Object.assign(new Error(reason), { stack: `Error: ${reason}` });
const member = (name: string, queueName = QUEUE, opts = {}) => ({
  name,
  queueName,
  data: { key: name },
  opts: { ...opts, jobId: name },
});
const family = (name: string, secondQueue = QUEUE) => ({
  ...member(name),
  children: [
    member(`${name}-first`),
    member(`${name}-second`, secondQueue, { failParentOnFailure: true }),
  ],
});
const addFamily = ({ flows }: Tools) => flows.add(family("smith", "other"));
const failOne = async (tools: Tools) => {
  await addAndTake(tools);
  await (await tools.active()).moveToFailed(failure("no"), TOKEN, false);
};
const DEAD = "crash-dead";
const toDead = { deadLetterQueue: DEAD };
/** Fails one job and says how much of it is kept. */
const failForGood = (removeOnFail: boolean) => async (tools: Tools) => {
  await tools.queue.add("doomed", { key: "doomed" }, { removeOnFail });
  await tools.take();
  await (await tools.active()).moveToFailed(failure("no"), TOKEN, false);
};
const retryLetter = ({ queue }: Tools) => queue.getBackend().forQueue(DEAD).retryDeadLetter("1");

export const operations: readonly Operation[] = [
  {
    label: "add",
    steps: [
      ({ queue }) => queue.add("one", { key: "one" }),
      ({ queue }) =>
        Promise.all([
          queue.add("two", { key: "two" }, { delay: 5000, deduplication: { id: "d" } }),
          queue.add("three", { key: "three" }, { priority: 2, jobId: "mine" }),
          queue.add("four", { key: "four" }, { lifo: true }),
        ]),
    ],
  },
  { label: "add-bulk", steps: [addThree, addThree] },
  { label: "add-flow", steps: [addFamily, ({ flows }) => flows.add(family("jones"))] },
  { label: "claim", prepare: addThree, steps: [({ take }) => take(), ({ take }) => take()] },
  {
    label: "claim",
    variant: "of jobs that became due",
    prepare: ({ queue }) =>
      queue.addBulk(
        [1, 2, 3].map((n) => ({
          name: "due",
          data: { key: `${n}` },
          opts: { delay: 1, timestamp: 1000 },
        })),
      ),
    steps: [({ take }) => take()],
  },
  {
    label: "finish",
    variant: "completed, and the next one claimed",
    prepare: addAndTake,
    steps: [
      async ({ active }) => (await active()).moveToCompleted("done", TOKEN, true),
      async ({ active }) => (await active()).moveToCompleted("done", TOKEN, true),
    ],
  },
  {
    label: "finish",
    variant: "failed, with a reason",
    options: { metrics: { maxDataPoints: 10 } },
    prepare: addAndTake,
    steps: [async ({ active }) => (await active()).moveToFailed(failure("no"), TOKEN, true)],
  },
  {
    label: "finish",
    variant: "failed for good, with a dead letter",
    options: toDead,
    prepare: addAndTake,
    steps: [async ({ active }) => (await active()).moveToFailed(failure("no"), TOKEN, true)],
  },
  {
    label: "retry-letter",
    variant: "of a job that still stands failed",
    options: toDead,
    prepare: failForGood(false),
    steps: [retryLetter],
  },
  {
    label: "retry-letter",
    variant: "of a job that is gone",
    options: toDead,
    prepare: failForGood(true),
    steps: [retryLetter],
  },
  {
    label: "finish",
    variant: "of children, up to the last that a parent waits for",
    prepare: async (tools) => {
      await tools.flows.add(family("smith"));
      await tools.take();
    },
    steps: [
      async ({ active }) => (await active()).moveToCompleted(1, TOKEN, true),
      async ({ active }) => (await active()).moveToCompleted(2, TOKEN, true),
    ],
  },
  {
    label: "finish",
    variant: "of a job whose successor is stashed",
    prepare: async (tools) => {
      const opts = { deduplication: { id: "d", keepLastIfActive: true } };
      await tools.queue.add("one", { key: "one" }, opts);
      await tools.take();
      await tools.queue.add("two", { key: "two" }, opts);
    },
    steps: [async ({ active }) => (await active()).moveToCompleted(1, TOKEN, false)],
  },
  {
    label: "finish",
    variant: "with nothing kept",
    prepare: async (tools) => {
      await tools.queue.add("one", { key: "one" }, { removeOnComplete: true });
      await (await tools.take())!.log("a line");
    },
    steps: [async ({ active }) => (await active()).moveToCompleted(1, TOKEN, false)],
  },
  {
    label: "retry",
    prepare: async (tools) => {
      await tools.queue.add("one", { key: "one" }, { attempts: 3 });
      await tools.take();
    },
    steps: [async ({ active }) => (await active()).moveToFailed(failure("again"), TOKEN, false)],
  },
  {
    label: "delay",
    variant: "of a failed attempt",
    prepare: async (tools) => {
      await tools.queue.add("one", { key: "one" }, { attempts: 3, backoff: 1000 });
      await tools.take();
    },
    steps: [async ({ active }) => (await active()).moveToFailed(failure("later"), TOKEN, false)],
  },
  {
    label: "delay",
    variant: "changed",
    prepare: addThree,
    steps: [async ({ queue }) => (await queue.getJob("3"))!.changeDelay(90_000)],
  },
  {
    label: "wait-children",
    prepare: async (tools) => {
      await addAndTake(tools);
      const opts = { parent: { id: "1", queue: `bull:${QUEUE}` } };
      await tools.queue.add("child", { key: "child" }, opts);
    },
    steps: [async ({ active }) => (await active()).moveToWaitingChildren(TOKEN)],
  },
  {
    label: "hand-back",
    prepare: addAndTake,
    steps: [async ({ active }) => (await active()).moveToWait(TOKEN)],
  },
  {
    label: "extend-lock",
    prepare: addAndTake,
    steps: [async ({ active }) => (await active()).extendLock(TOKEN, 99_000)],
  },
  {
    label: "stalled",
    options: { stalledInterval: 1, lockDuration: 1, maxStalledCount: 0 },
    prepare: async (tools) => {
      await addAndTake(tools);
      await tools.take();
    },
    steps: [({ worker }) => worker.getBackend().moveStalledJobsToWait()],
  },
  {
    label: "promote",
    prepare: addThree,
    steps: [async ({ queue }) => (await queue.getJob("3"))!.promote()],
  },
  {
    label: "promote",
    variant: "all",
    prepare: addThree,
    steps: [({ queue }) => queue.promoteJobs()],
  },
  {
    label: "reprocess",
    prepare: failOne,
    steps: [async ({ queue }) => (await queue.getJob("1"))!.retry()],
  },
  {
    label: "reprocess",
    variant: "all",
    prepare: failOne,
    steps: [({ queue }) => queue.retryJobs()],
  },
  {
    label: "schedule",
    steps: [
      ({ queue }) => queue.upsertJobScheduler("tick", { every: 1000 }, { data: { key: "tick" } }),
      ({ queue }) => queue.upsertJobScheduler("tick", { pattern: "0 0 * * *", tz: "UTC" }),
      ({ queue }) => queue.removeJobScheduler("tick"),
    ],
  },
  {
    label: "schedule",
    variant: "the next iteration, when one is claimed",
    prepare: async ({ queue, worker }) => {
      await queue.upsertJobScheduler("tick", { every: 1000 }, { data: { key: "tick" } });
      await worker.getBackend().moveToActive(TOKEN);
    },
    steps: [
      async ({ queue, active }) => {
        const { id, opts } = await active();
        return queue.getBackend().updateJobSchedulerNextMillis("tick", 0, "{}", opts, id);
      },
    ],
  },
  {
    label: "update",
    prepare: addThree,
    steps: [async ({ queue }) => (await queue.getJob("1"))!.updateData({ key: "new" })],
  },
  {
    label: "progress",
    prepare: addAndTake,
    steps: [async ({ active }) => (await active()).updateProgress(50)],
  },
  {
    label: "log",
    prepare: addThree,
    steps: [({ queue }) => queue.addJobLog("1", "a"), ({ queue }) => queue.addJobLog("1", "b", 1)],
  },
  {
    label: "priority",
    prepare: addThree,
    steps: [async ({ queue }) => (await queue.getJob("1"))!.changePriority({ priority: 7 })],
  },
  {
    label: "remove",
    prepare: addFamily,
    steps: [
      async ({ queue }) => (await queue.getWaitingChildren())[0]!.remove({ removeChildren: true }),
    ],
  },
  {
    label: "deduplicate",
    prepare: ({ queue }) => queue.add("one", { key: "one" }, { deduplication: { id: "d" } }),
    steps: [({ queue }) => queue.removeDeduplicationKey("d")],
  },
  {
    label: "pause",
    prepare: addThree,
    steps: [({ queue }) => queue.pause(), ({ queue }) => queue.resume()],
  },
  { label: "drain", prepare: addThree, steps: [({ queue }) => queue.drain(true)] },
  { label: "clean", prepare: failOne, steps: [({ queue }) => queue.clean(0, 0, "failed")] },
  {
    label: "obliterate",
    prepare: async (tools) => {
      await addFamily(tools);
      await addAndTake(tools);
      await tools.queue.pause();
    },
    steps: [({ queue }) => queue.getBackend().obliterate({ force: true, count: 1000 })],
  },
  {
    label: "limit",
    prepare: addThree,
    steps: [({ queue }) => queue.rateLimit(5000), ({ queue }) => queue.removeRateLimitKey()],
  },
  {
    label: "meta",
    passesBefore: 1,
    steps: [
      ({ queue }) => queue.setGlobalConcurrency(3),
      ({ queue }) => queue.removeGlobalConcurrency(),
    ],
  },
  {
    label: "event",
    prepare: addThree,
    steps: [
      ({ queue }) => queue.getBackend().publishEvent({ event: "mine", a: 1 }, 10),
      ({ queue }) => queue.trimEvents(1),
    ],
  },
];

/** A name for an operation. */
export const nameOf = ({ label, variant }: Operation): string =>
  variant ? `${label}: ${variant}` : label;
