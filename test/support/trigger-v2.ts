import { onTestFinished } from "vitest";
import { createTestRuntime, type TestRun, type TestRuntime } from "../../src/testing/index.ts";
import {
  type IO,
  invokeTrigger,
  type Job,
  type JobOptions,
  type JobTrigger,
  TriggerClient,
  type TriggerContext,
} from "../../src/trigger/v2/index.ts";

/** Serves what is given, on a clock that stands still, until the test ends. */
export async function serve(
  ...functions: Parameters<typeof createTestRuntime>[0]["functions"]
): Promise<TestRuntime> {
  const runtime = await createTestRuntime({ functions });
  onTestFinished(() => runtime.close());
  return runtime;
}

/** What every job needs, besides its trigger and its code. */
export const named = (id: string) => ({ id, name: id, version: "1.0.0" });

export interface StartedJob {
  readonly client: TriggerClient;
  readonly job: Job;
  readonly runtime: TestRuntime;
  readonly runId: string;
  /** Turns the clock until the run is over. */
  finish(): Promise<TestRun>;
}

/** Starts a run of a job that has this code; `now` is the test's clock, and `prepare` may define other jobs before. */
export async function startJob(
  run: (io: IO, ctx: TriggerContext, now: () => number) => Promise<unknown>,
  options: Partial<JobOptions<JobTrigger, unknown>> = {},
  prepare: (client: TriggerClient) => void = () => {},
): Promise<StartedJob> {
  const client = new TriggerClient({ id: "app" });
  prepare(client);
  const job = client.defineJob({
    ...named("job"),
    trigger: invokeTrigger(),
    ...options,
    run: (_payload, io, ctx) => run(io, ctx, () => runtime.now),
  });
  const runtime = await serve(client);
  const { id } = await job.invoke({});
  await runtime.drain();
  const finish = (): Promise<TestRun> => runtime.finish(id);
  return { client, job: job as unknown as Job, runtime, runId: id, finish };
}
