import {
  type Context,
  context,
  ROOT_CONTEXT,
  type Span,
  SpanStatusCode,
  trace,
  type Tracer,
} from "@opentelemetry/api";
import type { Telemetry } from "bullmq";
import { fromCarrier, toCarrier } from "./carrier.ts";

type BullSpan = ReturnType<Telemetry<Context>["tracer"]["startSpan"]>;

/** BullMQ's `telemetry` option: spans of what is added and processed, with the context carried by the job. */
export function queueTelemetry(tracer: Tracer): Telemetry<Context> {
  return {
    tracer: {
      startSpan: (name, options, parent) => toBullSpan(tracer.startSpan(name, options, parent)),
    },
    contextManager: {
      with: (active, call) => context.with(active as Context, call),
      active: () => context.active(),
      root: () => ROOT_CONTEXT,
      getMetadata: (active) => toCarrier(active as Context) ?? "",
      fromMetadata: (active, metadata) => fromCarrier(metadata, active as Context),
    },
  };
}

/** The event that BullMQ ends the span of a failed job with, and its reason there. */
const FAILED_EVENT = "job failed";
const FAILED_REASON = "bullmq.job.failed.reason";

function toBullSpan(span: Span): BullSpan {
  const fail = (message: unknown): void => {
    span.setStatus({
      code: SpanStatusCode.ERROR,
      ...(typeof message === "string" && { message }),
    });
  };
  return {
    setSpanOnContext: (active: Context) => trace.setSpan(active, span),
    setAttribute: (key, value) => void span.setAttribute(key, value),
    setAttributes: (attributes) => void span.setAttributes(attributes),
    addEvent(name, attributes) {
      span.addEvent(name, attributes);
      // It has no other word for it.
      if (name === FAILED_EVENT) fail(attributes?.[FAILED_REASON]);
    },
    recordException(exception, time) {
      span.recordException(exception, time);
      fail(typeof exception === "string" ? exception : exception.message);
    },
    end: () => span.end(),
  };
}
