import type { LonghaulClient } from "../../client/create-client.ts";
import { realSetTimeout } from "../../core/real-timers.ts";
import { API_OPTIONS, type Command } from "../command.ts";
import type { Output } from "../output.ts";
import { withClient } from "../with-client.ts";

/** How often the number of jobs that are left is looked at, for the bar. */
const LOOK_MS = 200;

export const retry: Command = {
  name: "retry",
  summary: "Run again what failed: all jobs of a queue, one job, or a run",
  details: "A run that is over stays as it is: a new one starts with what it was given.",
  args: ["<queue|runId>", "[jobId]"],
  options: API_OPTIONS,
  examples: ["retry emails", "retry emails 4711", "retry run_01h455vb4pex5vsknk084sn02q"],
  run: ({ args: [target = "", jobId], values, out }) =>
    withClient(values, async (client) => {
      if (jobId !== undefined) {
        await client.jobs.retry({ queue: target, jobId });
        out.result({ queue: target, jobId }, () => `Job ${jobId} of ${target} runs again.`);
      } else if (/^run_[0-9A-Za-z]+$/.test(target)) {
        const run = await client.runs.replay({ runId: target, body: {} });
        out.result(run, ({ id }) => id);
      } else {
        const retried = await retryAll(client, target, out);
        out.result({ queue: target, retried }, () => `${retried} jobs of ${target} run again.`);
      }
    }),
};

async function retryAll(client: LonghaulClient, queue: string, out: Output): Promise<number> {
  const total = (await client.queues.get({ queue })).counts.failed;
  if (total === 0) return 0;
  const progress = out.progress(`Retrying ${queue}`);
  const done = new AbortController();
  const look = async (): Promise<void> => {
    while (!done.signal.aborted) {
      const { counts } = await client.queues.get({ queue });
      if (!done.signal.aborted) progress(Math.max(0, total - counts.failed), total + 1);
      await new Promise((resolve) => realSetTimeout(resolve, LOOK_MS));
    }
  };
  const looking = look();
  try {
    await client.queues.retryAll({ queue, body: { state: "failed" } });
  } finally {
    done.abort();
    await looking;
  }
  progress(total, total);
  return total;
}
