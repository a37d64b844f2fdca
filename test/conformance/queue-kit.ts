import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  withBackend,
  type Job,
  type Processor,
  type QueueOptions,
  type WorkerOptions,
} from "bullmq";
import { afterAll, afterEach, vi } from "vitest";
import { createSqliteBackend } from "../../src/queue/index.ts";
import { openConnection, type SqlValue } from "../../src/storage/sqlite/connection.ts";

const bullmq = withBackend(createSqliteBackend);

/** BullMQ's own `Queue`, on SQLite. */
export type TestQueue = InstanceType<typeof bullmq.Queue>;
/** BullMQ's own `Worker`, on SQLite. */
export type TestWorker = InstanceType<typeof bullmq.Worker>;

/** An event as the event stream tells it. */
export type StreamEvent = Readonly<Record<string, string>>;

/**
 * BullMQ's classes on a database of the test file's own. All that a test opens is closed after it.
 *
 * Workers do not run by themselves: a test takes jobs with {@link take} and ends them by hand, which needs no waiting.
 */
export function queueKit() {
  const folder = mkdtempSync(join(tmpdir(), "longhaul-"));
  const path = join(folder, "queues.db");
  const connection = `file:${path}`;
  const open: { close(): Promise<void> }[] = [];

  const opened = <T extends { close(): Promise<void> }>(resource: T): T => {
    open.push(resource);
    return resource;
  };

  afterEach(async () => {
    vi.useRealTimers();
    for (const resource of open.splice(0).reverse()) await resource.close();
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  return {
    connection,

    queue(options: Partial<QueueOptions> = {}): TestQueue {
      return opened(new bullmq.Queue(`queue-${randomUUID()}`, { ...options, connection }));
    },

    flow(): InstanceType<typeof bullmq.FlowProducer> {
      return opened(new bullmq.FlowProducer({ connection }));
    },

    /** Looks into the file, or changes it, as another process would. */
    sql(text: string, ...params: SqlValue[]): SqlValue[][] {
      const own = openConnection({ path });
      try {
        return own.sql(text).all(...params);
      } finally {
        own.close();
      }
    },

    worker(
      queue: TestQueue,
      options: Partial<WorkerOptions> = {},
      processor?: Processor,
    ): TestWorker {
      return opened(
        new bullmq.Worker(queue.name, processor ?? null, {
          ...options,
          autorun: false,
          connection,
        }),
      );
    },
  };
}

/** The token that {@link take} locks jobs with. */
export const TOKEN = "token";

/** Claims the next job, if there is one to be had. */
export async function take(worker: TestWorker, token = TOKEN): Promise<Job | undefined> {
  return worker.getNextJob(token, { block: false });
}

/** Claims all jobs that can be had, and tells their names in order. */
export async function takeAll(worker: TestWorker): Promise<string[]> {
  const names: string[] = [];
  for (let job = await take(worker); job; job = await take(worker)) names.push(job.name);
  return names;
}

/** All events of a queue so far. */
export async function eventsOf(queue: TestQueue): Promise<StreamEvent[]> {
  const stream = (await queue.getBackend().readEvents("0", 1)) as
    [string, [string, string[]][]][] | null;
  return (stream?.[0]?.[1] ?? []).map(([, flat]) => {
    const event: Record<string, string> = {};
    for (let i = 0; i < flat.length; i += 2) event[flat[i]!] = flat[i + 1]!;
    return event;
  });
}

/** Stops the clock, so that a test can turn it with `vi.setSystemTime` or `vi.advanceTimersByTime`. */
export function stopClock(): number {
  const now = Date.now();
  vi.useFakeTimers({ toFake: ["Date"], now });
  return now;
}
