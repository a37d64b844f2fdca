/**
 * `longhaul/telemetry`: OpenTelemetry spans of jobs, runs and steps.
 * @module
 */
export type { ExecutionSpan, RunTelemetry } from "../runs/run-telemetry.ts";
export {
  type LonghaulTelemetry,
  openTelemetry,
  type OpenTelemetryOptions,
} from "./open-telemetry.ts";
