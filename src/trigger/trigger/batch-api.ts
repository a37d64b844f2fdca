import type { BatchResult, BatchRunHandle, RunHandle, TaskRunResult } from "../types/results.ts";
import type { AnyTask, TaskIdentifier, TaskOutput, TaskPayload } from "../types/task.ts";
import type { BatchItem, BatchItems, BatchOptions } from "../types/trigger-options.ts";
import { entriesOfItems, triggerBatch, triggerBatchAndWait } from "./batch.ts";

/** A run of a batch, by the id of its task. */
export type IdItem<TTask extends AnyTask> = TTask extends AnyTask
  ? BatchItem<TaskPayload<TTask>> & { readonly id: TaskIdentifier<TTask> }
  : never;

/** A run of a batch, by its task. */
export interface TaskItem<TTask extends AnyTask> extends BatchItem<TaskPayload<TTask>> {
  readonly task: TTask;
}

export type HandlesOf<TTasks extends readonly AnyTask[]> = {
  readonly [K in keyof TTasks]: RunHandle<
    TaskIdentifier<TTasks[K]>,
    TaskPayload<TTasks[K]>,
    TaskOutput<TTasks[K]>
  >;
};
export type ResultsOf<TTasks extends readonly AnyTask[]> = {
  -readonly [K in keyof TTasks]: TaskRunResult<TaskIdentifier<TTasks[K]>, TaskOutput<TTasks[K]>>;
};
export type ItemsOf<TTasks extends readonly AnyTask[]> = {
  readonly [K in keyof TTasks]: TaskItem<TTasks[K]>;
};

/** Runs of different tasks together. `batch.retrieve` and the rest about batches that exist is in api/. */
export const batchTriggers = {
  /** Starts runs of tasks by their ids, in one commit. */
  trigger<TTask extends AnyTask>(
    items: BatchItems<IdItem<TTask>>,
    options?: BatchOptions,
  ): Promise<BatchRunHandle<TaskIdentifier<TTask>, TaskPayload<TTask>, TaskOutput<TTask>>> {
    return triggerBatch(entriesOfItems(items as BatchItems<BatchItem>), options) as Promise<never>;
  },
  /** In a task: the same, and waits for the end of all. */
  triggerAndWait<TTask extends AnyTask>(
    items: BatchItems<IdItem<TTask>>,
    options?: BatchOptions,
  ): Promise<BatchResult<TaskIdentifier<TTask>, TaskOutput<TTask>>> {
    return triggerBatchAndWait(entriesOfItems(items as BatchItems<BatchItem>), options) as never;
  },
  /** Starts runs of tasks, in one commit. */
  triggerByTask<const TTasks extends readonly AnyTask[]>(
    items: ItemsOf<TTasks>,
    options?: BatchOptions,
  ): Promise<BatchRunHandle & { readonly runs: HandlesOf<TTasks> }> {
    return triggerBatch(entriesOfItems(items as never), options) as Promise<never>;
  },
  /** In a task: the same, and waits for the end of all. */
  triggerByTaskAndWait<const TTasks extends readonly AnyTask[]>(
    items: ItemsOf<TTasks>,
    options?: BatchOptions,
  ): Promise<{ readonly id: string; readonly runs: ResultsOf<TTasks> }> {
    return triggerBatchAndWait(entriesOfItems(items as never), options) as Promise<never>;
  },
};
