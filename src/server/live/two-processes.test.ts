import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { LiveClient } from "../../../test/server/live-kit.ts";
import { startScript } from "../../../test/support/child-process.ts";
import { define } from "../../../test/support/engine-kit.ts";
import { Gate } from "../../../test/support/gate.ts";
import { tempFolder } from "../../../test/support/temp-folder.ts";
import type { Job } from "../../bullmq/job.ts";
import { Queue } from "../../bullmq/queue.ts";
import { Worker } from "../../bullmq/worker.ts";
import { createLonghaul } from "../../index.ts";

/** Processes take their time to start where many do. */
const SLOW_MS = 30_000;

/** A server in a process of its own. @returns the URL of its stream, and what kills it */
async function serve(url: string) {
  const script = startScript(
    new URL("../../../test/server/programs/live-server.ts", import.meta.url),
    [url],
  );
  const stream = `http://127.0.0.1:${await script.next()}/api/v1/stream`;
  return { stream, process: script.process, ended: script.ended };
}

test(
  "what one process does is seen through another, also after that one was killed",
  async () => {
    const connection = `file:${join(tempFolder(), "live.db")}`;
    const gates = [new Gate(), new Gate()];
    const queue = new Queue("videos", { connection });
    const worker = new Worker(
      "videos",
      async (job: Job) => {
        await job.updateProgress(10);
        await gates[0]!.pass();
        await job.log("half");
        await job.updateProgress(50);
        await gates[1]!.pass();
        await job.updateProgress(90);
        return "done";
      },
      { connection, autorun: false },
    );
    onTestFinished(async () => {
      await worker.close();
      await queue.close();
    });
    await queue.waitUntilReady();
    const before = await serve(connection);
    const connect = { topics: ["job:videos:1", "counts:videos"] };
    const first = await LiveClient.connect(before.stream, connect);
    await first.until(({ event }) => event === "snapshot");
    await queue.add("encode", {});
    await first.until(({ data }) => data["job"] !== null && data["job"] !== undefined);
    void worker.run();
    await first.until(({ data }) => data["progress"] === 10);
    gates[0]!.open();
    await first.until(({ data }) => data["progress"] === 50);
    await first.until(({ event }) => event === "log");
    before.process.kill("SIGKILL");
    await before.ended;
    await first.ended();
    gates[1]!.open();
    const after = await serve(connection);
    const second = await LiveClient.connect(after.stream, {
      ...connect,
      lastEventId: first.lastId,
    });
    await second.until(({ data }) => data["state"] === "completed");
    // What the first had is not told again; counters are not resumed.
    expect(second.received.filter(({ data }) => data["topic"] === "job:videos:1")).toMatchObject([
      { event: "job.progress", data: { progress: 90 } },
      { event: "job.state", data: { state: "completed", returnvalue: "done" } },
    ]);
    expect(second.of("snapshot").map(({ topic }) => topic)).toEqual(["counts:videos"]);
  },
  SLOW_MS,
);

test(
  "a run is followed through another process",
  async () => {
    const url = `file:${join(tempFolder(), "live.db")}`;
    const gate = new Gate();
    const order = define("order", async (run) => {
      await run.run("pay", () => 1);
      await gate.pass();
      await run.run("ship", () => 2);
      return "shipped";
    });
    const longhaul = createLonghaul({ url, functions: [order] });
    onTestFinished(() => longhaul.close());
    await longhaul.start();
    const { stream } = await serve(url);
    const runId = await longhaul.trigger(order, { data: {} });
    await gate.reached;
    const topics = [`run:${runId}`, "function:order", "stats"];
    const client = await LiveClient.connect(stream, { topics });
    await client.whenTrue(() => client.of("snapshot").length === topics.length);
    gate.open();
    for (const topic of topics.slice(0, 2)) {
      const isEnd = ({ data }: { readonly data: Record<string, unknown> }): boolean =>
        data["topic"] === topic &&
        (data["run"] as { state: string } | undefined)?.state === "completed";
      expect((await client.until(isEnd)).data).toMatchObject({ run: { output: "shipped" } });
    }
    expect(client.of("step.updated")).toMatchObject([{ step: { key: "ship", data: 2 } }]);
    await client.until(({ event, data }) => event === "stats" && data["functionId"] === "order");
  },
  SLOW_MS,
);
