import { expect, test, vi } from "vitest";
import { named, serve, startJob } from "../../../test/support/trigger-v2.ts";
import { type Job, invokeTrigger, TriggerClient } from "./index.ts";

/** A job that waits so many seconds and gives its number, or throws. */
const double = (client: TriggerClient) =>
  client.defineJob({
    ...named("double"),
    trigger: invokeTrigger(),
    run: async ({ n, seconds = 0 }: { n: number; seconds?: number }, io) => {
      await io.wait("wait", seconds);
      if (n < 0) throw new RangeError(`${n} is negative`);
      return n * 2;
    },
  });

type Double = ReturnType<typeof double>;

test("outside of a run, invoke gives the run's id at once", async () => {
  const client = new TriggerClient({ id: "app" });
  const job = double(client);
  const runtime = await serve(client);
  const { id } = await job.invoke({ n: 4 }, { context: { by: "test" }, accountId: "acme" });
  expect((await runtime.finish(id)).output).toBe(8);
  await expect(job.invoke("key", { n: 4 })).rejects.toMatchObject({
    code: "TRIGGER_V2_NOT_IN_RUN",
  });
  await expect(job.invokeAndWaitForCompletion("key", { n: 4 })).rejects.toMatchObject({
    code: "TRIGGER_V2_NOT_IN_RUN",
  });
});

test("an idempotency key starts one run", async () => {
  const client = new TriggerClient({ id: "app" });
  const job = double(client);
  const runtime = await serve(client);
  const first = await job.invoke({ n: 1 }, { idempotencyKey: "once" });
  const again = await job.invoke({ n: 2 }, { idempotencyKey: "once" });
  const other = await job.invoke({ n: 3 }, { idempotencyKey: "twice" });
  expect(again).toEqual(first);
  expect(other).not.toEqual(first);
  await runtime.drain();
  expect((await runtime.runs()).map(({ output }) => output)).toEqual([2, 6]);
});

test("in a run, invoke takes a key and starts one run, whatever the run waits for", async () => {
  let job!: Double;
  const { runtime, finish } = await startJob(
    async (io) => {
      const { id } = await job.invoke("start", { n: 5 });
      await io.wait("a minute", 60);
      return id;
    },
    {},
    (client) => (job = double(client)),
  );
  const run = await finish();
  const children = await runtime.runs({ function: "double" });
  expect(children.map(({ id, output }) => [id, output])).toEqual([[run.output, 10]]);
});

test("in a run, invoke without a key is refused", async () => {
  let job!: Double;
  const { finish } = await startJob(
    async () => job.invoke({ n: 5 }),
    {},
    (client) => (job = double(client)),
  );
  expect((await finish()).error).toMatchObject({ code: "TRIGGER_V2_BAD_CALL" });
});

test("invokeAndWaitForCompletion gives how the run ended, and does not throw for it", async () => {
  let job!: Double;
  const { finish } = await startJob(
    async () => {
      const good = await job.invokeAndWaitForCompletion("good", { n: 2, seconds: 600 });
      const bad = await job.invokeAndWaitForCompletion("bad", { n: -1 }, 60, {
        accountId: "acme",
      });
      return [good, bad, good.completedAt.getTime() - good.startedAt.getTime()];
    },
    {},
    (client) => (job = double(client)),
  );
  const [good, bad, took] = (await finish()).output as [object, object, number];
  expect(good).toMatchObject({
    ok: true,
    status: "SUCCESS",
    output: 4,
    executionDurationInMs: 600_000,
    job: { id: "double", version: "1.0.0" },
    invocation: { payload: { n: 2, seconds: 600 } },
  });
  expect(bad).toMatchObject({
    ok: false,
    status: "FAILURE",
    error: { name: "RangeError", message: "-1 is negative" },
    account: { id: "acme" },
  });
  expect(took).toBe(600_000);
});

test("it throws when its time is over, and the run goes on", async () => {
  let job!: Double;
  const { runtime, finish } = await startJob(
    async (io) =>
      io.try(
        async () => job.invokeAndWaitForCompletion("slow", { n: 2, seconds: 7_200 }, 60),
        async (error) => (error as { code: string }).code,
      ),
    {},
    (client) => (job = double(client)),
  );
  const run = await finish();
  expect(run.output).toBe("TRIGGER_V2_TIMEOUT");
  expect(run.finishedAt! - run.startedAt!).toBe(60_000);
  await runtime.advance("3h");
  expect(await runtime.runs({ function: "double" })).toMatchObject([{ output: 4 }]);
});

test("a batch starts all at once and gives all ends in order", async () => {
  let job!: Double;
  const { finish } = await startJob(
    async () => {
      const runs = await job.batchInvokeAndWaitForCompletion("all", [
        { payload: { n: 1, seconds: 60 } },
        { payload: { n: -1 } },
        { payload: { n: 3, seconds: 600 }, timeoutInSeconds: 86_400 },
      ]);
      return runs.map((run) => (run.ok ? run.output : run.error.message));
    },
    {},
    (client) => (job = double(client)),
  );
  const run = await finish();
  expect(run.output).toEqual([2, "-1 is negative", 6]);
  expect(run.finishedAt! - run.startedAt!).toBe(600_000);
});

test("an empty batch is done", async () => {
  let job!: Double;
  const { finish } = await startJob(
    async () => job.batchInvokeAndWaitForCompletion("none", []),
    {},
    (client) => (job = double(client)),
  );
  expect((await finish()).output).toEqual([]);
});

test("a disabled job is started by nothing", async () => {
  const client = new TriggerClient({ id: "app" });
  const run = vi.fn<() => Promise<unknown>>(async () => undefined);
  const job = client.defineJob({ ...named("off"), trigger: invokeTrigger(), enabled: false, run });
  await serve(client);
  await expect(job.invoke({})).rejects.toMatchObject({ code: "TRIGGER_V2_JOB_DISABLED" });
  expect(run).not.toHaveBeenCalled();
});

test("callbackUrl is refused", async () => {
  const client = new TriggerClient({ id: "app" });
  const job: Job = double(client);
  await serve(client);
  await expect(job.invoke({}, { callbackUrl: "http://localhost" })).rejects.toMatchObject({
    code: "TRIGGER_V2_UNSUPPORTED",
  });
});
