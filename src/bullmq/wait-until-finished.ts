import { QueueEvents } from "bullmq";
import type * as bullmq from "bullmq";
import type { Any, BackendFactory } from "./types.ts";

/** What a job keeps of its queue and its store; BullMQ's types hide it. */
interface Inside {
  readonly queue: bullmq.MinimalQueue & { readonly backendFactory?: BackendFactory };
  readonly backend: bullmq.IQueueBackend;
}

type Outcome = { readonly value: unknown } | { readonly failedReason: string };

/**
 * `job.waitUntilFinished()` without a `QueueEvents`: listens on one of its own for as long as it
 * takes. Waiting for many jobs is cheaper with one `QueueEvents` given to all of them.
 */
export async function waitUntilFinished(job: bullmq.Job, ttlMs?: number): Promise<Any> {
  const { queue } = inside(job);
  if (queue.backendFactory === undefined) {
    throw new TypeError("waitUntilFinished() needs a QueueEvents for a job of a FlowProducer");
  }
  const { connection, prefix } = queue.opts as bullmq.QueueOptions;
  // From the beginning of the stream: the job may finish before this reader is connected.
  const options = { connection, ...(prefix !== undefined && { prefix }), lastEventId: "0" };
  const events: QueueEvents<Any, Any, Any> = new QueueEvents(
    queue.name,
    options,
    queue.backendFactory,
  );
  let timer: NodeJS.Timeout | undefined;
  try {
    const outcome = await new Promise<Outcome>((resolve, reject) => {
      if (ttlMs) timer = setTimeout(() => reject(timedOut(job, ttlMs)), ttlMs);
      const check = (seen?: Outcome) =>
        void outcomeOf(job, seen).then((known) => known && resolve(known), reject);
      events.on("error", reject);
      events.on("completed", ({ jobId, returnvalue }) => {
        if (jobId === job.id) check({ value: returnvalue });
      });
      events.on("failed", ({ jobId, failedReason }) => {
        if (jobId === job.id) check({ failedReason });
      });
      check();
    });
    if ("failedReason" in outcome) throw new Error(outcome.failedReason);
    return outcome.value;
  } finally {
    clearTimeout(timer);
    await events.close();
  }
}

/**
 * The state of the job decides and not the event, which may be of an earlier job with the same id
 * or of an earlier run of this one. Only when the job is gone does the event say how it ended.
 */
async function outcomeOf(job: bullmq.Job, seen: Outcome | undefined): Promise<Outcome | undefined> {
  const finished = await inside(job).backend.isFinished(job.id as string, true);
  const [status, result] = finished as [number, string?];
  if (status === 0) return undefined;
  if (status === 1) return { value: JSON.parse(result ?? "null") as unknown };
  if (status === -1 && seen !== undefined) return seen;
  return { failedReason: result ?? "" };
}

function timedOut(job: bullmq.Job, ttlMs: number): Error {
  return new Error(`Job ${job.name} (id ${job.id}) has not finished after ${ttlMs} ms`);
}

function inside(job: bullmq.Job): Inside {
  return job as unknown as Inside;
}
