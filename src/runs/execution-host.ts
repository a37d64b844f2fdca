import type { Clock } from "../core/clock.ts";
import type { RunExecution } from "./replay-executor.ts";
import type { RunTelemetry } from "./run-telemetry.ts";
import type { StepHost } from "./run-handle.ts";
import type { RunStore } from "./store/run-store.ts";

/** How an execution leaves its worker; see replay-executor.ts. */
export type Leave = "finished" | "suspended" | "released" | "lost";

/** What an execution needs from the worker around it. */
export interface ExecutionHost extends StepHost {
  readonly store: RunStore;
  readonly clock: Clock;
  readonly telemetry?: RunTelemetry | undefined;
  /**
   * The execution ends with the write it has just asked for: its place may be given away in the same commit.
   * @param bringsWork whether that write probably makes a run ready, which may be claimed in the same commit too
   */
  leaving(execution: RunExecution, bringsWork: boolean): void;
  /** That write is committed or refused, or the lease was lost. */
  left(execution: RunExecution): void;
  /** The lease was lost while the execution was going on: its place is free. */
  lost(): void;
  /** Nothing is left to do until a time that is near. */
  rested(): void;
  /** The handler of a suspended run went on: it was busy with something that is no step. */
  revived(execution: RunExecution): void;
  /** Takes what failed and has no other place to show. */
  report(error: unknown): void;
}
