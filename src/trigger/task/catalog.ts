import type { Attachable } from "../../runs/hosting.ts";
import type { TaskPlan } from "./plan.ts";

/** A task, for whoever has its id only. */
export interface KnownTask extends Attachable {
  readonly plan: TaskPlan;
}

/** The tasks that this process has made; of two with one id the younger. */
const tasks = new Map<string, KnownTask>();
const plans = new WeakMap<object, TaskPlan>();

/** A task was made. */
export function addTask(task: KnownTask, object: object): void {
  tasks.set(task.plan.id, task);
  plans.set(object, task.plan);
}

export const findTask = (id: string): TaskPlan | undefined => tasks.get(id)?.plan;
export const allTasks = (): Iterable<KnownTask> => tasks.values();

/** What a task object was made of; nothing for other objects. */
export const planOf = (object: object): TaskPlan | undefined => plans.get(object);
