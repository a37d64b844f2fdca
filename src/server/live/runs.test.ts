import { expect, test } from "vitest";
import { define } from "../../../test/support/engine-kit.ts";
import { Gate } from "../../../test/support/gate.ts";
import { openServer } from "../../../test/server/kit.ts";
import { listen, LiveClient } from "../../../test/server/live-kit.ts";
import { partsOf } from "../../runtime/parts.ts";

test("a run is followed from its first step to its output", async () => {
  const gate = new Gate();
  const order = define("order", async (run) => {
    const { n } = (await run.run("pay", () => ({ n: 1, secret: "x" }))) as { n: number };
    await gate.pass();
    await run.run("ship", () => n + 1);
    return { n };
  });
  const { longhaul, server } = openServer({ redact: ["secret"] }, { functions: [order] });
  const { stores } = partsOf(longhaul).runs;
  const url = await listen(server);
  await longhaul.start();
  const runId = await longhaul.trigger(order, { data: {} });
  await gate.reached;
  const topic = `run:${runId}`;
  const client = await LiveClient.connect(url, { topics: [topic] });
  const first = await client.until(({ event }) => event === "snapshot");
  expect(first.data).toMatchObject({
    topic,
    run: { id: runId, functionId: "order", state: "running", tags: [] },
    steps: [{ key: "pay", kind: "run", state: "done", data: { n: 1, secret: "[redacted]" } }],
    logs: [],
  });
  await stores.logs.append({
    runId,
    entries: [{ at: 0, kind: "log", level: "info", message: "half way", attempt: 0 }],
  });
  expect((await client.until(({ event }) => event === "log")).data).toMatchObject({
    entry: { seq: 1, message: "half way", level: "info" },
  });
  await stores.metadata.change({
    runId,
    now: 0,
    changes: [{ type: "set", key: "percentage", value: 50 }],
  } as never);
  expect((await client.until(({ event }) => event === "run.updated")).data).toMatchObject({
    run: { state: "running", metadata: { percentage: 50 } },
  });
  gate.open();
  const end = await client.until(({ data }) => isCompleted(data["run"]));
  expect(end.data).toMatchObject({ run: { output: { n: 1 } } });
  // All steps come before the end.
  expect(client.received.at(-1)).toBe(end);
  expect(client.of("step.updated").map(({ step }) => step)).toMatchObject([
    { key: "ship", state: "done", data: 2 },
  ]);
});

const isCompleted = (run: unknown): boolean =>
  (run as { state?: string } | undefined)?.state === "completed";

test("chunks of a stream come from the first on, and end with the run", async () => {
  const gate = new Gate();
  const writer = define("writer", () => gate.pass());
  const { longhaul, server } = openServer({}, { functions: [writer] });
  const { streams } = partsOf(longhaul).runs.stores;
  const url = await listen(server);
  await longhaul.start();
  const runId = await longhaul.trigger(writer, { data: {} });
  const stream = "ai:text";
  await streams.append({ now: 0, runId, stream, chunks: ['"a"', '"b"'] });
  const client = await LiveClient.connect(url, { topics: [`stream:${runId}:${stream}`] });
  await client.until(({ data }) => data["index"] === 1);
  await streams.append({ now: 0, runId, stream, chunks: ['"c"'] });
  await client.until(({ data }) => data["index"] === 2);
  gate.open();
  await client.until(({ event }) => event === "done");
  expect(client.received.map(({ event, data }) => [event, data["chunk"]])).toEqual([
    ["snapshot", undefined],
    ["chunk", "a"],
    ["chunk", "b"],
    ["chunk", "c"],
    ["done", undefined],
  ]);
});

test("functions, tags, batches and all counters are followed", async () => {
  const work = define("work", async () => 1);
  const { longhaul, server } = openServer({}, { functions: [work] });
  const url = await listen(server);
  const topics = ["function:work", "task:work", "tag:red", "batch:b1", "stats"];
  const client = await LiveClient.connect(url, { topics, isPost: true });
  await client.whenTrue(() => client.of("snapshot").length === topics.length);
  expect(client.of("snapshot", "stats")).toEqual([{ topic: "stats", queues: {}, functions: {} }]);
  const start = { functionId: "work", details: { tags: ["red"], batchId: "b1" } };
  const [{ runId } = { runId: "" }] = await partsOf(longhaul).engine.startRuns([start]);
  for (const topic of topics.slice(0, 4))
    await client.until(({ event, data }) => event === "run.updated" && data["topic"] === topic);
  await longhaul.start();
  for (const topic of topics.slice(0, 4)) {
    await client.until(({ data }) => data["topic"] === topic && isCompleted(data["run"]));
    for (const { run } of client.of("run.updated", topic)) expect(run).toMatchObject({ id: runId });
  }
  await client.until(
    ({ event, data }) =>
      event === "stats" && (data["runs"] as Record<string, number>)["completed"] === 1,
  );
});
