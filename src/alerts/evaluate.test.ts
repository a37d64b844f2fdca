import { expect, onTestFinished, test, vi } from "vitest";
import { queueKit, stopClock, take } from "../../test/conformance/queue-kit.ts";
import { LonghaulError } from "../core/errors.ts";
import type { FunctionDefinition } from "../runs/definition.ts";
import { createLonghaul } from "../runtime/longhaul.ts";
import { type Alerts, createAlerts } from "./alerts.ts";
import type { AlertRule } from "./rules.ts";

const kit = queueKit();
const MINUTE = 60_000;

/** Alerts on the file of this test, and what they have said: "rule subject value". */
function watch(...rules: AlertRule[]): { check(): Promise<string[]>; alerts: Alerts } {
  const said: string[] = [];
  const alerts = createAlerts(kit.connection, {
    rules,
    targets: [
      {
        name: "list",
        send: ({ type, data }) => {
          const value = Math.round(data.value * 100) / 100;
          const end = type === "alert.firing" ? String(value) : "resolved";
          said.push(`${data.rule} ${data.subject.name} ${end}`);
        },
      },
    ],
    onError: (error) => {
      throw error;
    },
  });
  onTestFinished(() => alerts.close());
  return {
    alerts,
    async check() {
      await alerts.check();
      return said.splice(0).sort();
    },
  };
}

const pass = (ms: number): void => void vi.setSystemTime(Date.now() + ms);

async function finish(
  worker: ReturnType<typeof kit.worker>,
  ...ends: ("ok" | "fails")[]
): Promise<void> {
  for (const end of ends) {
    const job = (await take(worker))!;
    if (end === "ok") await job.moveToCompleted(1, "token", false);
    else await job.moveToFailed(new Error("broken"), "token", false);
  }
}

test("failures are counted within the window, also of jobs that are removed, queue by queue", async () => {
  stopClock();
  const queue = kit.queue();
  const other = kit.queue();
  const worker = kit.worker(queue);
  const otherWorker = kit.worker(other);
  const name = [queue.name, other.name];
  const { check } = watch(
    { name: "two", when: "failures", queue: name, threshold: 2, windowMs: 10 * MINUTE },
    { ...{ name: "third", when: "failures", queue: name, ratio: 0.3 }, minimum: 3 },
  );
  expect(await check()).toEqual([]);
  await queue.addBulk(
    Array.from({ length: 6 }, () => ({ name: "j", data: {}, opts: { removeOnFail: true } })),
  );
  await other.add("kept", {}, { removeOnFail: false });
  await finish(worker, "fails");
  await finish(otherWorker, "fails");
  expect(await check()).toEqual([]);

  pass(MINUTE);
  await finish(worker, "fails");
  expect(await check()).toEqual([`two ${queue.name} 2`]);
  await finish(worker, "ok");
  expect(await check()).toEqual([`third ${queue.name} 0.67`]);
  await finish(worker, "ok", "ok", "ok");
  expect(await check()).toEqual([]);

  pass(11 * MINUTE);
  expect(await check()).toEqual([`third ${queue.name} resolved`, `two ${queue.name} resolved`]);
});

test("a queue's past does not count, but the failed jobs that it keeps do", async () => {
  stopClock();
  const queue = kit.queue();
  const worker = kit.worker(queue);
  await queue.addBulk([
    { name: "kept", data: {} },
    { name: "gone", data: {}, opts: { removeOnFail: true } },
  ]);
  await finish(worker, "fails", "fails");
  const { check } = watch({ name: "r", when: "failures", queue: queue.name, threshold: 1 });
  expect(await check()).toEqual([`r ${queue.name} 1`]);
});

test("a long line, and a job that has waited for long in any priority", async () => {
  stopClock();
  const queue = kit.queue();
  const worker = kit.worker(queue);
  const { check } = watch(
    { name: "deep", when: "depth", queue: queue.name, threshold: 3 },
    { name: "old", when: "oldest-waiting", queue: queue.name, thresholdMs: 5 * MINUTE },
  );
  await queue.add("low", {}, { priority: 9 });
  pass(2 * MINUTE);
  await queue.add("later", {}, { delay: 3 * MINUTE });
  await queue.add("now", {});
  expect(await check()).toEqual([]);
  await queue.add("first", {}, { lifo: true });
  expect(await check()).toEqual([`deep ${queue.name} 3`]);
  pass(3 * MINUTE);
  expect(await check()).toEqual([`old ${queue.name} ${5 * MINUTE}`]);

  await finish(worker, "ok", "ok", "ok");
  // The delayed job was due just now, and the one of low priority is the oldest still.
  expect(await check()).toEqual([`deep ${queue.name} resolved`]);
  await finish(worker, "ok");
  expect(await check()).toEqual([`old ${queue.name} resolved`]);
});

test("jobs that stall", async () => {
  stopClock();
  const queue = kit.queue();
  const worker = kit.worker(queue, { lockDuration: 1_000, stalledInterval: 1_000 });
  const { check } = watch({ name: "stall", when: "stalled", queue: queue.name });
  expect(await check()).toEqual([]);
  await queue.add("dies", {});
  await take(worker);
  for (let n = 0; n < 2; n++) {
    pass(2_000);
    await worker.getBackend().moveStalledJobsToWait();
  }
  expect(await check()).toEqual([`stall ${queue.name} 1`]);
  pass(6 * MINUTE);
  expect(await check()).toEqual([`stall ${queue.name} resolved`]);
});

test("ticks of schedulers and cron functions that nobody starts, but not those that are over", async () => {
  stopClock();
  const queue = kit.queue();
  const worker = kit.worker(queue);
  await queue.upsertJobScheduler("each-minute", { every: MINUTE }, { name: "tick" });
  await queue.upsertJobScheduler("once", { every: MINUTE, limit: 1 }, { name: "tick" });
  const nightly: FunctionDefinition = {
    ...{ id: "nightly", triggers: [{ everyMs: MINUTE }], retries: 0, backoff: () => 0 },
    handler: async () => null,
  };
  const longhaul = createLonghaul({ url: kit.connection, functions: [nightly] });
  await longhaul.start();
  await longhaul.close();
  const { check } = watch({ name: "late", when: "missed-schedules", thresholdMs: MINUTE });
  // Both schedulers begin at once; the limit of one is reached then.
  await finish(worker, "ok", "ok");
  expect(await check()).toEqual([]);
  pass(3 * MINUTE);
  const [late, ...others] = await check();
  expect(late).toMatch(/^late nightly 1[0-9]{5}$/);
  expect(others).toEqual([expect.stringMatching(new RegExp(`^late ${queue.name} 1[0-9]{5}$`))]);
  await finish(worker, "ok");
  expect(await check()).toEqual([`late ${queue.name} resolved`]);
});

test("runs that failed, and those whose process died too often", async () => {
  stopClock();
  const define = (id: string, handler: FunctionDefinition["handler"]): FunctionDefinition => ({
    ...{ id, triggers: [], retries: 0, backoff: () => 0, handler },
  });
  const fails = define("fails", async () => {
    throw new Error("no");
  });
  const dies = define("dies", async ({ id }) => {
    throw new LonghaulError("RUN_CRASHED", { run: id, losses: 3 });
  });
  const works = define("works", async () => 1);
  const longhaul = createLonghaul({ url: kit.connection, functions: [fails, dies, works] });
  onTestFinished(() => longhaul.close());
  await longhaul.start();
  for (const id of ["fails", "fails", "dies", "works"])
    await longhaul.invoke(id).catch(() => undefined);
  const { check } = watch(
    { name: "failed", when: "failures", function: ["fails", "works"], threshold: 2 },
    { name: "half", when: "failures", task: "fails", ratio: 0.5, minimum: 2 },
    { name: "crashed", when: "crashed" },
  );
  // Younger ends may not all be committed.
  pass(1_000);
  expect(await check()).toEqual(["crashed dies 1", "failed fails 2", "half fails 1"]);
  pass(7 * MINUTE);
  expect(await check()).toEqual([
    "crashed dies resolved",
    "failed fails resolved",
    "half fails resolved",
  ]);
});
