import { AsyncLocalStorage } from "node:async_hooks";
import { LonghaulError } from "../../core/errors.ts";
import type { RunHandle } from "../../runs/definition.ts";
import type { RunHost } from "../../runs/hosting.ts";
import type { HookSource } from "../hooks/hook-set.ts";
import type { RunLog } from "../log/run-log.ts";
import type { RunMetadata } from "../metadata/run-metadata.ts";
import type { TaskPlan } from "../task/plan.ts";
import type { ReplayedKeys } from "./replayed-keys.ts";
import type { TaskRunContext } from "../types/context.ts";
import type { HookParams } from "../types/hooks.ts";

/** One execution of a task, for whatever is called from its code and its hooks. */
export interface TaskScope {
  readonly run: RunHandle;
  readonly host: RunHost;
  readonly plan: TaskPlan;
  readonly ctx: TaskRunContext;
  readonly globals: HookSource;
  /** Of the steps of this execution. They are given at the call, before anything is waited for. */
  readonly keys: ReplayedKeys;
  readonly locals: Map<symbol, unknown>;
  readonly metadata: RunMetadata;
  readonly log: RunLog;
  /** What `waitUntil` was given and is not done. */
  readonly pending: Set<Promise<unknown>>;
  /** When this execution began, epoch ms. */
  readonly startedAt: number;
  /** What hooks get; set once the payload is known. */
  hookParams: HookParams | undefined;
}

/** Where code is running. */
export interface Place {
  readonly scope: TaskScope;
  /** What cannot take steps: the body of a step, or a hook that runs when the run is over. */
  readonly inside?: string | undefined;
  /** The id of the span. */
  readonly span?: string | undefined;
}

const places = new AsyncLocalStorage<Place>();

/** Where this code is running; nothing outside of tasks. */
export const currentPlace = (): Place | undefined => places.getStore();

/** Runs code as part of an execution. */
export const runAt = <T>(place: Place, code: () => T): T => places.run(place, code);

/**
 * The execution that this code is part of.
 * @param tool For the error: `wait.for`.
 * @throws {LonghaulError} TASK_NOT_IN_TASK
 */
export function requireScope(tool: string): TaskScope {
  const place = places.getStore();
  if (!place) throw new LonghaulError("TASK_NOT_IN_TASK", { tool, place: "outside of a task" });
  return place.scope;
}

/**
 * The execution that this code is part of, where steps may be taken.
 * @throws {LonghaulError} TASK_NOT_IN_TASK
 */
export function requireSteps(tool: string): TaskScope {
  const scope = requireScope(tool);
  const inside = places.getStore()?.inside;
  if (inside !== undefined) throw new LonghaulError("TASK_NOT_IN_TASK", { tool, place: inside });
  return scope;
}

/** The execution, if there is one and steps may be taken: what happens elsewhere is not journaled. */
export function scopeForSteps(): TaskScope | undefined {
  const place = places.getStore();
  return place?.inside === undefined ? place?.scope : undefined;
}
