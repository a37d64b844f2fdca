import type { RunHandle } from "../../runs/definition.ts";
import type { RunHost } from "../../runs/hosting.ts";
import { contextOf } from "./context.ts";
import { IO } from "./io/io.ts";
import { IOLogger } from "./io/logger.ts";
import type { Job } from "./job.ts";
import { runInScope, type RunScope } from "./run-scope.ts";

/** Runs a job's code for a run, from the top. */
export function execute(job: Job, run: RunHandle, host: RunHost): Promise<unknown> {
  const { client } = job;
  const logger = new IOLogger(() => scope, job.options.logLevel ?? client.logLevel);
  const io = new IO(() => scope, logger);
  const scope: RunScope = { run, host, client, job, io, ctx: contextOf(run, job) };
  return runInScope(scope, async () => {
    const payload: unknown = await job.trigger.payloadOf(run.event);
    return job.options.run(payload, io, scope.ctx);
  });
}
