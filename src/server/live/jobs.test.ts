import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { listen, LiveClient } from "../../../test/server/live-kit.ts";
import { openServer } from "../../../test/server/kit.ts";
import { Gate } from "../../../test/support/gate.ts";
import { tempFolder } from "../../../test/support/temp-folder.ts";
import { Queue } from "../../bullmq/queue.ts";
import { Worker } from "../../bullmq/worker.ts";
import type { Job } from "../../bullmq/job.ts";

/** A server on a file, and a queue there whose worker does what `work` says. */
async function serve(work: (job: Job) => Promise<unknown>, options = {}) {
  const connection = `file:${join(tempFolder(), "live.db")}`;
  const kit = openServer(options, { url: connection });
  const queue = new Queue("mail", { connection });
  const worker = new Worker("mail", work, { connection, autorun: false, concurrency: 5 });
  onTestFinished(async () => {
    await worker.close();
    await queue.close();
  });
  return { ...kit, queue, worker, url: await listen(kit.server) };
}

test("a job is followed from before it is there to its result", async () => {
  const gate = new Gate();
  const { url, queue, worker } = await serve(async (job) => {
    await job.log("begins");
    await job.updateProgress({ percentage: 50 });
    await gate.pass();
    await job.log("ends");
    return { sent: true };
  });
  const client = await LiveClient.connect(url, { topics: ["job:mail:a-1"] });
  expect(client.headers).toMatchObject({
    "content-type": "text/event-stream",
    "x-accel-buffering": "no",
    "cache-control": "no-cache, no-transform",
  });
  expect((await client.until(({ event }) => event === "snapshot")).data).toEqual({
    topic: "job:mail:a-1",
    job: null,
  });
  await queue.add("welcome", { to: "ada" }, { jobId: "a-1" });
  expect((await client.until(({ data }) => data["job"] !== null)).data).toMatchObject({
    job: { id: "a-1", name: "welcome", state: "waiting", data: { to: "ada" }, attemptsMade: 0 },
  });
  void worker.run();
  await client.until(({ event }) => event === "job.progress");
  gate.open();
  const end = await client.until(({ data }) => data["state"] === "completed");
  expect(end.data).toMatchObject({ returnvalue: { sent: true }, attemptsMade: 1 });
  expect(client.of("job.state").map(({ state }) => state)).toEqual(["active", "completed"]);
  expect(client.of("job.progress")).toMatchObject([{ progress: { percentage: 50 } }]);
  // What it said came before its end.
  expect(client.received.at(-1)).toBe(end);
  expect(client.of("log").map(({ line }) => line)).toEqual([
    { line: 1, text: "begins" },
    { line: 2, text: "ends" },
  ]);
});
