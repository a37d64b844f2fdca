import {
  type Context,
  context,
  type Link,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
  type Tracer,
} from "@opentelemetry/api";
import type { RunTelemetry } from "../runs/run-telemetry.ts";
import { fromCarrier, toCarrier } from "./carrier.ts";

/** More contexts than so many are not linked. */
const MAX_LINKS = 128;

/** What an engine tells about runs, as spans. */
export function runTelemetry(tracer: Tracer): RunTelemetry {
  return {
    carrier: () => toCarrier(context.active()),

    async sending(what, names, work) {
      const attributes = { "longhaul.operation": what, "longhaul.targets": [...names] };
      const name = names.length === 1 ? `${what} ${names[0]}` : what;
      const span = tracer.startSpan(name, { kind: SpanKind.PRODUCER, attributes });
      try {
        return await context.with(trace.setSpan(context.active(), span), work);
      } catch (error) {
        fail(span, error);
        throw error;
      } finally {
        span.end();
      }
    },

    execution(run) {
      const [first, ...others] = run.events;
      const parent = fromCarrier(first?.trace);
      const span = tracer.startSpan(
        `run ${run.functionId}`,
        {
          kind: SpanKind.CONSUMER,
          links: linksOf(parent, others.slice(0, MAX_LINKS)),
          attributes: {
            "longhaul.run.id": run.id,
            "longhaul.function.id": run.functionId,
            "longhaul.run.generation": run.generation,
            "longhaul.run.events": run.events.length,
          },
        },
        parent,
      );
      const inside = trace.setSpan(parent, span);
      return {
        within: (call) => context.with(inside, call),
        end(how, error) {
          span.setAttribute("longhaul.run.outcome", how);
          if (error) fail(span, error);
          span.end();
        },
      };
    },

    step({ runId, key, kind }, body) {
      const parent = context.active();
      return (attempt) => {
        const attributes = {
          "longhaul.run.id": runId,
          "longhaul.step.key": key,
          "longhaul.step.kind": kind,
          "longhaul.step.attempt": attempt,
        };
        const span = tracer.startSpan(`step ${key}`, { attributes }, parent);
        return settle(span, () => context.with(trace.setSpan(parent, span), () => body(attempt)));
      };
    },

    bind: (call) => context.bind(context.active(), call),
  };
}

/** Calls a body, and ends its span with it. What is no promise is none afterwards. */
function settle(span: Span, body: () => unknown): unknown {
  let result: unknown;
  try {
    result = body();
  } catch (error) {
    fail(span, error);
    span.end();
    throw error;
  }
  if (!isThenable(result)) {
    span.end();
    return result;
  }
  return Promise.resolve(result).then(
    (value) => {
      span.end();
      return value;
    },
    (error: unknown) => {
      fail(span, error);
      span.end();
      throw error;
    },
  );
}

/** The contexts of a run's other events, those of a batch. */
function linksOf(
  parent: Context,
  events: readonly { readonly trace?: string | undefined }[],
): Link[] {
  const own = trace.getSpanContext(parent)?.spanId;
  const links = new Map<string, Link>();
  for (const event of events) {
    const found = trace.getSpanContext(fromCarrier(event.trace));
    if (found && found.spanId !== own) links.set(found.spanId, { context: found });
  }
  return [...links.values()];
}

function fail(span: Span, error: unknown): void {
  const { name, message } = error instanceof Error || isNamed(error) ? error : unnamed(error);
  const stack = error instanceof Error ? error.stack : undefined;
  span.recordException({ name, message, ...(stack !== undefined && { stack }) });
  span.setStatus({ code: SpanStatusCode.ERROR, message });
}

const unnamed = (error: unknown) => ({ name: "Error", message: String(error) });

const isNamed = (error: unknown): error is { readonly name: string; readonly message: string } =>
  typeof error === "object" && error !== null && "name" in error && "message" in error;

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === "object" &&
  value !== null &&
  "then" in value &&
  typeof value.then === "function";
