import { LonghaulError } from "../../core/errors.ts";
import { findTask, planOf } from "../task/catalog.ts";
import type { TaskPlan } from "../task/plan.ts";

/** The task that a call is about. */
export interface Target {
  readonly id: string;
  /** What this process knows of it. */
  readonly plan: TaskPlan | undefined;
}

/**
 * Reads a task object, or the id of a task.
 * @throws {LonghaulError} TASK_BAD_TRIGGER
 */
export function targetOf(task: unknown): Target {
  if (typeof task === "string" && task !== "") return { id: task, plan: findTask(task) };
  const plan = typeof task === "object" && task !== null ? planOf(task) : undefined;
  if (plan) return { id: plan.id, plan };
  throw new LonghaulError("TASK_BAD_TRIGGER", {
    task: String(task),
    reason: "it is no task, and no id of one",
  });
}
