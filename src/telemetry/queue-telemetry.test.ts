import { join } from "node:path";
import { SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { expect, onTestFinished, test } from "vitest";
import { pathOf, recordSpans, type Spans } from "../../test/support/spans.ts";
import { tempFolder } from "../../test/support/temp-folder.ts";
import { Queue, Worker } from "../bullmq/index.ts";
import type { FunctionDefinition } from "../runs/definition.ts";
import { createLonghaul } from "../runtime/longhaul.ts";
import { openTelemetry } from "./open-telemetry.ts";

/** A queue and its worker, with telemetry, and a way to wait for a job of it. */
function openQueue(spans: Spans, connection: string, work: () => Promise<unknown>) {
  const telemetry = openTelemetry({ tracerProvider: spans.provider });
  const queue = new Queue("mail", { connection, telemetry });
  const worker = new Worker("mail", work, { connection, telemetry });
  const ended = new Promise<void>((resolve) => {
    worker.on("completed", () => resolve());
    worker.on("failed", () => resolve());
  });
  onTestFinished(async () => {
    await worker.close();
    await queue.close();
  });
  return {
    queue,
    telemetry,
    async close() {
      await ended;
      await worker.close();
    },
  };
}

test("a job is in the trace of the step that added it, and what it does is in its span", async () => {
  const spans = recordSpans();
  const connection = `file:${join(tempFolder(), "app.db")}`;
  const tracer = spans.provider.getTracer("app");
  const { queue, telemetry, close } = openQueue(spans, connection, async () => {
    tracer.startSpan("smtp").end();
  });
  const order: FunctionDefinition = {
    ...{ id: "order", triggers: [{ event: "order/placed" }], retries: 0, backoff: () => 0 },
    handler: (run) => run.run("queue-mail", async () => void (await queue.add("confirm", {}))),
  };
  await using longhaul = createLonghaul({ url: connection, functions: [order], telemetry });
  await longhaul.start();
  await longhaul.send({ name: "order/placed" });
  await close();
  const path = pathOf(spans, spans.one("smtp"));
  expect(path.slice(-3)).toEqual(["step queue-mail", "run order", "send order/placed"]);
  const [, job, added] = path;
  expect(spans.one(job!).kind).toBe(SpanKind.CONSUMER);
  expect(spans.one(added!).kind).toBe(SpanKind.PRODUCER);
  expect(spans.one("smtp").spanContext().traceId).toBe(
    spans.one("send order/placed").spanContext().traceId,
  );
});

test("a job that fails marks its span", async () => {
  const spans = recordSpans();
  const connection = `file:${join(tempFolder(), "app.db")}`;
  const { queue, close } = openQueue(spans, connection, async () => {
    expect(trace.getActiveSpan()).toBeDefined();
    throw new Error("no network");
  });
  await queue.add("confirm", {});
  await close();
  const failed = spans.all().filter(({ status }) => status.code === SpanStatusCode.ERROR);
  expect(failed).toMatchObject([{ kind: SpanKind.CONSUMER, status: { message: "no network" } }]);
});
