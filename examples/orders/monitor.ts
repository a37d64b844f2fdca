import { QueueEvents, type Worker } from "longhaul/bullmq";

/** Prints one line. */
export type Print = (line: string) => void;

/** Prints what happens to the jobs of a queue, whichever process they run in. */
export function watchQueue(queueName: string, print: Print): QueueEvents {
  const events = new QueueEvents(queueName);
  const say = (jobId: string, what: string) => print(`${clock()}  ${jobId.padEnd(24)}${what}`);
  events.on("progress", ({ jobId, data }) => say(jobId, `${JSON.stringify(data)} %`));
  events.on("completed", ({ jobId, returnvalue }) =>
    say(jobId, `done ${JSON.stringify(returnvalue)}`),
  );
  events.on("failed", ({ jobId, failedReason }) => say(jobId, `failed for good: ${failedReason}`));
  events.on("error", (error) => print(`${queueName}: ${error.message}`));
  return events;
}

/** Prints the failures that are going to be tried again, which only the worker knows about. */
export function watchWorker(worker: Worker, print: Print): void {
  worker.on("failed", (job, error) => {
    const { id, attemptsMade, opts, finishedOn } = job ?? {};
    if (job === undefined || finishedOn !== undefined) return;
    const attempt = `attempt ${attemptsMade} of ${opts?.attempts}`;
    print(`${clock()}  ${String(id).padEnd(24)}${attempt} failed: ${error.message}; trying again`);
  });
  worker.on("error", (error) => print(`worker of ${worker.name}: ${error.message}`));
}

function clock(): string {
  return new Date().toTimeString().slice(0, 8);
}
