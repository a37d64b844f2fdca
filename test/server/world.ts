import { join } from "node:path";
import { onTestFinished } from "vitest";
import { Queue, Worker } from "../../src/bullmq/index.ts";
import { addressOf, type AnyInput } from "../../src/client/address.ts";
import { type EndpointId, endpoints } from "../../src/client/endpoints/index.ts";
import { Inngest } from "../../src/inngest/index.ts";
import { createQueueManager } from "../../src/manager/index.ts";
import { partsOf } from "../../src/runtime/parts.ts";
import { defineConfig, logger, streams, task } from "../../src/trigger/index.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { openServer, requestOf } from "./kit.ts";

/** A server with something of everything, and ways to make more. Names are new for each thing that is made. */
export type World = Awaited<ReturnType<typeof openWorld>>;

/** The queue that jobs are in. */
export const QUEUE = "mail";

const parts = streams.define<{ n: number }>({ id: "parts" });
const resize = task({
  id: "resize",
  run: async (payload: unknown) => {
    logger.info("resizing", { payload });
    await parts.append({ n: 1 });
    return { size: 1 };
  },
});

/** Its queue is what tests pause. */
const archive = task({ id: "archive", run: () => Promise.resolve() });

/** Opens it on a file of its own; it is closed when the running test ends. */
export async function openWorld() {
  const connection = `file:${join(tempFolder(), "world.db")}`;
  const app = new Inngest({ id: "app" });
  const hello = app.createFunction({ id: "hello" }, { event: "hello" }, async ({ step }) =>
    step.run("greet", () => "hi"),
  );
  const nightly = app.createFunction({ id: "nightly" }, { cron: "0 0 * * *" }, () => "done");
  const manager = createQueueManager({ connection, workers: false });
  manager.registerTask("scrape", { queueName: "scraping", processor: async () => 1 });
  const kit = openServer(
    { manager, publicUrl: "https://example.com" },
    {
      url: connection,
      functions: [hello, nightly],
      tasks: [resize, archive],
      config: defineConfig({ project: "world", enableConsoleLogging: false }),
    },
  );
  const queue = new Queue(QUEUE, { connection });
  const worker = new Worker(QUEUE, null, { connection, autorun: false });
  onTestFinished(async () => {
    await worker.close();
    await queue.close();
    await manager.close();
  });
  await kit.longhaul.start();

  /** Calls an endpoint as the client does. */
  const request = (id: EndpointId, input: AnyInput = {}, as?: string | null): Request => {
    const { method, path, body } = addressOf(endpoints[id], input);
    return requestOf(`http://localhost/api/v1${path}`, { method, body, as });
  };
  // oxlint-disable-next-line typescript/no-explicit-any -- what is in an answer is for the caller to know
  const ask = async (id: EndpointId, input?: AnyInput): Promise<any> => {
    const answer = await kit.server.fetch(request(id, input));
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${id} answered ${answer.status}: ${text}`);
    return text === "" ? undefined : JSON.parse(text);
  };
  const place = (jobId: string) => ({ queue: QUEUE, jobId });
  let token = 0;

  return {
    ...{ ...kit, request, ask, place },
    runStores: partsOf(kit.longhaul).engine.stores,
    job: async (opts: object = {}) => {
      const { id } = await queue.add("welcome", { to: "ada" }, opts);
      return place(id!);
    },
    /** Fails a job, each in its own way: an error of its own group. */
    failedJob: async () => {
      const { id } = await queue.add("welcome", { to: "bob" }, { lifo: true });
      const lock = `lock-${++token}`;
      const taken = await worker.getNextJob(lock);
      await taken.moveToFailed(new Error(`no ${"x".repeat(token)} mailbox`), lock, false);
      return place(id!);
    },
    scheduler: async () => {
      const schedulerId = `every-${++token}`;
      await queue.upsertJobScheduler(schedulerId, { every: 60_000 }, { name: "tick" });
      return { queue: QUEUE, schedulerId };
    },
    /** A run of the task that has ended. */
    run: async (): Promise<{ runId: string }> => {
      const { id } = await ask("tasks.trigger", {
        taskId: "resize",
        body: { payload: { to: 1 }, options: { tags: ["a"] } },
      });
      await kit.longhaul.waitForEnd(id);
      return { runId: id };
    },
    laterRun: async (): Promise<{ runId: string }> => {
      const body = { options: { delay: "1h" } };
      return { runId: (await ask("tasks.trigger", { taskId: "resize", body })).id };
    },
    schedule: async (): Promise<{ scheduleId: string }> => {
      const body = { functionId: "app-hello", cron: "0 0 * * *" };
      return { scheduleId: (await ask("schedules.create", { body })).id };
    },
    waitpoint: async (): Promise<{ tokenId: string; url: string }> => {
      const { id, url } = await ask("waitpoints.create", { body: {} });
      return { tokenId: id, url };
    },
    managedJob: async () => ({
      id: (await ask("taskRuns.start", { body: { task: "scrape", data: {} } })).id,
    }),
  };
}
