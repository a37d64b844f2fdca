import { type Context, trace, type TracerProvider } from "@opentelemetry/api";
import type { Telemetry } from "bullmq";
import type { RunTelemetry } from "../runs/run-telemetry.ts";
import { queueTelemetry } from "./queue-telemetry.ts";
import { runTelemetry } from "./run-spans.ts";

/** How to make {@link openTelemetry}. */
export interface OpenTelemetryOptions {
  /** @default the one that is registered with `@opentelemetry/api` */
  readonly tracerProvider?: TracerProvider | undefined;
  /** Name of the tracer. @default "longhaul" */
  readonly tracerName?: string | undefined;
}

/** For `telemetry` of queues and workers, and of `createLonghaul`. */
export type LonghaulTelemetry = Telemetry<Context> & RunTelemetry;

/**
 * Spans by `@opentelemetry/api`: of jobs, runs and steps, in one trace from who sends to what is caused by it, across
 * processes. Set up an SDK as for any other library; without one nothing is recorded.
 *
 * @example
 * const telemetry = openTelemetry();
 * const longhaul = createLonghaul({ functions, telemetry });
 * const mails = new Queue("mails", { telemetry });
 */
export function openTelemetry(options: OpenTelemetryOptions = {}): LonghaulTelemetry {
  const { tracerProvider = trace, tracerName = "longhaul" } = options;
  const tracer = tracerProvider.getTracer(tracerName);
  return { ...queueTelemetry(tracer), ...runTelemetry(tracer) };
}
