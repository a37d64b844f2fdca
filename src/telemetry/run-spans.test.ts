import { SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { expect, test } from "vitest";
import { define, EngineKit } from "../../test/support/engine-kit.ts";
import { pathOf, recordSpans } from "../../test/support/spans.ts";
import { openTelemetry } from "./open-telemetry.ts";

const child = define("child", (run) => run.run("work", () => 1));

test("a trace goes from who sends over steps and waits to children, invoked functions and events", async () => {
  const spans = recordSpans();
  const telemetry = openTelemetry({ tracerProvider: spans.provider });
  const parent = define("parent", async (run) => {
    await run.run("first", async () => {});
    await run.sleepUntil("nap", kit.clock.now() + 3_600_000);
    await run.child("spawn", { functionId: "child" });
    await run.invoke("call", { functionId: "child", timeoutMs: 60_000 });
    await run.sendEvents("tell", [{ name: "start/heard" }]);
    await run.run("last", () => "done");
    return "all";
  });
  const heard = define("heard", async () => null);
  await using kit = await EngineKit.start([parent, child, heard], { telemetry });
  const tracer = spans.provider.getTracer("app");
  await tracer.startActiveSpan("request", async (span) => {
    await kit.engine.send([{ name: "start/parent" }]);
    span.end();
  });
  await kit.advance(3_700_000);

  const paths = spans.all().map((span) => pathOf(spans, span).join(" < "));
  const sent = "send start/parent < request";
  const run = `run parent < ${sent}`;
  expect(paths.toSorted()).toEqual(
    [
      ...["request", sent, run, run, run, run],
      ...[`step first < ${run}`, `step last < ${run}`],
      ...[`run child < ${run}`, `run child < ${run}`],
      ...[`step work < run child < ${run}`, `step work < run child < ${run}`],
      `run heard < ${run}`,
    ].toSorted(),
  );
  expect(new Set(spans.all().map((span) => span.spanContext().traceId)).size).toBe(1);

  const executions = spans.all().filter(({ name }) => name === "run parent");
  const outcomes = executions.map(({ attributes }) => attributes["longhaul.run.outcome"]);
  expect(outcomes).toEqual(["suspended", "suspended", "suspended", "completed"]);
  expect(executions[0]).toMatchObject({
    kind: SpanKind.CONSUMER,
    attributes: { "longhaul.function.id": "parent", "longhaul.run.generation": 1 },
  });
  expect(spans.one("send start/parent").kind).toBe(SpanKind.PRODUCER);
  expect(spans.one("step first").attributes).toMatchObject({
    ...{ "longhaul.step.key": "first", "longhaul.step.kind": "run", "longhaul.step.attempt": 0 },
  });
});

test("spans of the user's own are inside, and what they enclose is inside of them", async () => {
  const spans = recordSpans();
  const tracer = spans.provider.getTracer("app");
  const own = define("own", (run) =>
    tracer.startActiveSpan("block", async (span) => {
      await run.run("in-block", async () => {
        await Promise.resolve();
        tracer.startSpan("query").end();
      });
      span.end();
    }),
  );
  const telemetry = openTelemetry({ tracerProvider: spans.provider });
  await using kit = await EngineKit.start([own], { telemetry });
  await kit.engine.trigger("own");
  await kit.engine.whenQuiet();
  expect(pathOf(spans, spans.one("query"))).toEqual([
    ...["query", "step in-block", "block", "run own", "start own"],
  ]);
});

test("failed attempts, failed runs and sends that are refused are marked", async () => {
  const spans = recordSpans();
  const fails = define(
    "fails",
    (run) =>
      run.run("try", () => {
        throw new TypeError("broken");
      }),
    { retries: 1 },
  );
  const telemetry = openTelemetry({ tracerProvider: spans.provider });
  await using kit = await EngineKit.start([fails], { telemetry });
  await kit.begin("fails");
  await kit.advance(10_000);
  const steps = spans.all().filter(({ name }) => name === "step try");
  expect(steps.map(({ attributes }) => attributes["longhaul.step.attempt"])).toEqual([0, 1]);
  for (const { status, events } of steps) {
    expect(status).toEqual({ code: SpanStatusCode.ERROR, message: "broken" });
    expect(events[0]).toMatchObject({
      name: "exception",
      attributes: { "exception.type": "TypeError", "exception.message": "broken" },
    });
  }
  const last = spans.all().findLast(({ name }) => name === "run fails");
  expect(last!.attributes["longhaul.run.outcome"]).toBe("failed");
  expect(last!.status.code).toBe(SpanStatusCode.ERROR);

  await expect(kit.engine.send([{ name: "" }])).rejects.toThrow("it has no name");
  expect(spans.one("send ").status.code).toBe(SpanStatusCode.ERROR);
});

test("a run of several events has the first as parent, and links to the others", async () => {
  const spans = recordSpans();
  const batch = define("batch", async () => null, {
    batchEvents: { maxSize: 3, timeoutMs: 60_000 },
  });
  const telemetry = openTelemetry({ tracerProvider: spans.provider });
  await using kit = await EngineKit.start([batch], { telemetry });
  for (let n = 0; n < 3; n++) await kit.engine.send([{ name: "start/batch", data: { n } }]);
  await kit.engine.whenQuiet();
  const sends = spans.all().filter(({ name }) => name === "send start/batch");
  const run = spans.one("run batch");
  expect(run.parentSpanContext?.spanId).toBe(sends[0]!.spanContext().spanId);
  expect(run.links.map((link) => link.context.spanId)).toEqual(
    sends.slice(1).map((span) => span.spanContext().spanId),
  );
});

test("a live run that goes on has a span of its own, and what it does late is in its trace", async () => {
  const spans = recordSpans();
  const live = define(
    "live",
    async (run) => {
      const nap = run.sleepUntil("nap", kit.clock.now() + 60_000);
      await nap;
      await run.child("spawn", { functionId: "child" });
      return run.run("last", () => 1);
    },
    { executor: "live" },
  );
  const telemetry = openTelemetry({ tracerProvider: spans.provider });
  await using kit = await EngineKit.start([live, child], { telemetry });
  await kit.engine.trigger("live");
  await kit.advance(61_000);
  expect(pathOf(spans, spans.one("step work"))).toEqual([
    ...["step work", "run child", "run live", "start live"],
  ]);
  expect(spans.all().filter(({ name }) => name === "run live")).toHaveLength(3);
  expect(spans.one("step last").spanContext().traceId).toBe(
    spans.one("start live").spanContext().traceId,
  );
});

test("ticks are traces of their own, whatever was going on when they came", async () => {
  const spans = recordSpans();
  const nightly = define("nightly", async () => null, { triggers: [{ everyMs: 60_000 }] });
  const telemetry = openTelemetry({ tracerProvider: spans.provider });
  await using kit = await EngineKit.start([nightly], { telemetry });
  const tracer = spans.provider.getTracer("app");
  await tracer.startActiveSpan("request", async (span) => {
    await kit.advance(60_000);
    span.end();
  });
  expect(pathOf(spans, spans.one("run nightly"))).toEqual(["run nightly"]);
});

test("without telemetry there is no span, and nothing is stored with events", async () => {
  const spans = recordSpans();
  let active = true;
  const plain = define("plain", async (run) => {
    active = trace.getActiveSpan() !== undefined;
    return run.event.trace ?? null;
  });
  await using kit = await EngineKit.start([plain]);
  expect(await kit.engine.invoke("plain")).toBeNull();
  expect(active).toBe(false);
  expect(spans.all()).toEqual([]);
});
