import { globalHooks } from "../hooks/hook-set.ts";
import { entriesOf, triggerBatch, triggerBatchAndWait } from "../trigger/batch.ts";
import { TaskRunPromise } from "../trigger/task-run-promise.ts";
import { trigger, triggerAndSubscribe, triggerAndWait } from "../trigger/trigger.ts";
import type { HookName, LifecycleHooks } from "../types/hooks.ts";
import type { BatchResult, BatchRunHandle, RunHandle } from "../types/results.ts";
import type { AnyTask, TaskIdentifier, TaskOutput, TaskPayload } from "../types/task.ts";
import type {
  BatchItem,
  BatchItems,
  BatchOptions,
  TriggerOptions,
} from "../types/trigger-options.ts";

/** A task object, or its id: `tasks.trigger<typeof processImage>("process-image", …)`. */
export type TaskRef<TTask> = TTask | TaskIdentifier<TTask>;

/** Registers a hook for all tasks of this process; one with a name replaces an older of that name. */
export interface Register<TName extends HookName> {
  (fn: NonNullable<LifecycleHooks[TName]>): void;
  (name: string, fn: NonNullable<LifecycleHooks[TName]>): void;
}

const register =
  <TName extends HookName>(hook: TName): Register<TName> =>
  (nameOrFn: unknown, fn?: unknown) =>
    globalHooks.add(hook, nameOrFn, fn);

/** Tasks by their object or their id, and hooks for all of them. */
export const tasks = {
  /** Starts a run. */
  trigger<TTask extends AnyTask>(
    task: TaskRef<TTask>,
    payload: TaskPayload<TTask>,
    options?: TriggerOptions,
  ): Promise<RunHandle<TaskIdentifier<TTask>, TaskPayload<TTask>, TaskOutput<TTask>>> {
    return trigger(task, payload, options) as Promise<never>;
  },
  /** Starts many runs in one commit. */
  batchTrigger<TTask extends AnyTask>(
    task: TaskRef<TTask>,
    items: BatchItems<BatchItem<TaskPayload<TTask>>>,
    options?: BatchOptions,
  ): Promise<BatchRunHandle<TaskIdentifier<TTask>, TaskPayload<TTask>, TaskOutput<TTask>>> {
    return triggerBatch(entriesOf(task, items), options) as Promise<never>;
  },
  /** In a task: starts a run and waits for its end. */
  triggerAndWait<TTask extends AnyTask>(
    task: TaskRef<TTask>,
    payload: TaskPayload<TTask>,
    options?: TriggerOptions,
  ): TaskRunPromise<TaskIdentifier<TTask>, TaskOutput<TTask>> {
    return TaskRunPromise.of(triggerAndWait(task, payload, options)) as never;
  },
  /** In a task: starts many runs and waits for the end of all. */
  batchTriggerAndWait<TTask extends AnyTask>(
    task: TaskRef<TTask>,
    items: BatchItems<BatchItem<TaskPayload<TTask>>>,
    options?: BatchOptions,
  ): Promise<BatchResult<TaskIdentifier<TTask>, TaskOutput<TTask>>> {
    return triggerBatchAndWait(entriesOf(task, items), options) as Promise<never>;
  },
  /** In a task: as `triggerAndWait`, and cancels the run when `signal` is aborted. */
  triggerAndSubscribe<TTask extends AnyTask>(
    task: TaskRef<TTask>,
    payload: TaskPayload<TTask>,
    options?: Parameters<typeof triggerAndSubscribe>[2],
  ): TaskRunPromise<TaskIdentifier<TTask>, TaskOutput<TTask>> {
    return TaskRunPromise.of(triggerAndSubscribe(task, payload, options)) as never;
  },
  init: register("init"),
  onStart: register("onStart"),
  onStartAttempt: register("onStartAttempt"),
  onSuccess: register("onSuccess"),
  onFailure: register("onFailure"),
  onComplete: register("onComplete"),
  onWait: register("onWait"),
  onResume: register("onResume"),
  onCancel: register("onCancel"),
  catchError: register("catchError"),
  handleError: register("handleError"),
  middleware: register("middleware"),
  cleanup: register("cleanup"),
};
