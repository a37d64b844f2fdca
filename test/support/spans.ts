import { context } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-base";
import { onTestFinished } from "vitest";

/** Spans of a test, as the real SDK records them. */
export interface Spans {
  readonly provider: BasicTracerProvider;
  /** All that have ended, by when they began. */
  all(): ReadableSpan[];
  /** The only one of that name. */
  one(name: string): ReadableSpan;
}

/** Sets the SDK up for the running test. */
export function recordSpans(): Spans {
  const manager = new AsyncLocalStorageContextManager().enable();
  context.setGlobalContextManager(manager);
  const exporter = new InMemorySpanExporter();
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  onTestFinished(async () => {
    context.disable();
    manager.disable();
    await provider.shutdown();
  });
  const all = (): ReadableSpan[] =>
    exporter
      .getFinishedSpans()
      .toSorted((a, b) => a.startTime[0] - b.startTime[0] || a.startTime[1] - b.startTime[1]);
  return {
    provider,
    all,
    one(name) {
      const found = all().filter((span) => span.name === name);
      if (found.length !== 1)
        throw new Error(
          `${found.length} spans ${name} among ${all()
            .map((span) => span.name)
            .join(", ")}`,
        );
      return found[0]!;
    },
  };
}

/** The names from a span up to the root of its trace. */
export function pathOf(spans: Spans, span: ReadableSpan): string[] {
  const parentId = span.parentSpanContext?.spanId;
  if (parentId === undefined) return [span.name];
  const parent = spans.all().find((other) => other.spanContext().spanId === parentId);
  if (!parent) return [span.name, "(missing)"];
  return [span.name, ...pathOf(spans, parent)];
}
