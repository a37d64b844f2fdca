import { randomUUID } from "node:crypto";
import type { StartCall, StartResult } from "../../runs/store/start-details.ts";
import { BatchTriggerError } from "../errors/task-errors.ts";
import { itemKey, resolveKey } from "../idempotency-keys.ts";
import { pack } from "../payload.ts";
import { currentPlace, requireSteps, scopeForSteps, type TaskScope } from "../run/scope.ts";
import { attemptKey, digest } from "../run/step-key.ts";
import { waitWithHooks } from "../run/waiting.ts";
import type { BatchResult, BatchRunHandle, RunHandle } from "../types/results.ts";
import type {
  BatchItem,
  BatchItems,
  BatchOptions,
  TriggerOptions,
} from "../types/trigger-options.ts";
import { childResult } from "./child-result.ts";
import { type Target, targetOf } from "./target.ts";
import { callOf, checkPayload, handleOf, startRuns } from "./trigger.ts";
import type { TriggerFunction } from "./start-call.ts";

/** One run of a batch, whatever its task. */
export interface BatchEntry extends BatchItem {
  readonly target: Target;
}

/** Runs of a batch, or where they come from. */
export type BatchEntries = readonly BatchEntry[] | AsyncIterable<BatchEntry>;

/** Items of one task as entries. */
export function entriesOf(task: unknown, items: BatchItems<BatchItem>): BatchEntries {
  const target = targetOf(task);
  return mapItems(items, (item) => ({ ...item, target }));
}

/** Items that name their task, by `task` or `id`, as entries. */
export const entriesOfItems = (
  items: BatchItems<BatchItem & { readonly task?: unknown; readonly id?: unknown }>,
): BatchEntries => mapItems(items, (item) => ({ ...item, target: targetOf(item.task ?? item.id) }));

/** Starts all runs in one commit. */
export async function triggerBatch(
  entries: BatchEntries,
  options: BatchOptions = {},
): Promise<BatchRunHandle> {
  const scope = scopeForSteps();
  const { key, list, batchId } = await planBatch(scope, "batchTrigger", entries, options);
  const calls = await callsOf(list, "batchTrigger", batchId, options);
  const results = await startBatch(scope, key, calls);
  return new BatchHandle(
    batchId,
    results.map((result, index) => handleOf(list[index]!.target, result)),
  );
}

/** In a task: starts all runs in one commit, and waits for the end of all. */
export async function triggerBatchAndWait(
  entries: BatchEntries,
  options: BatchOptions = {},
): Promise<BatchResult> {
  const scope = requireSteps("batchTriggerAndWait");
  const { key, list, batchId } = await planBatch(scope, "batchTriggerAndWait", entries, options);
  if (list.length === 0) return { id: batchId, runs: [] };
  const calls = await callsOf(list, "batchTriggerAndWait", batchId, options);
  const wait = { type: "batch", batchId, runCount: calls.length } as const;
  const ends = await waitWithHooks(scope, key!, wait, () => scope.run.children(key!, calls));
  return { id: batchId, runs: ends.map(childResult) };
}

/** The runs of a batch, with what else its callers look for. */
class BatchHandle extends Array<RunHandle> implements BatchRunHandle {
  // What `map` and `filter` give are plain lists.
  static override readonly [Symbol.species] = Array;
  declare readonly batchId: string;

  constructor(batchId: string, handles: readonly RunHandle[]) {
    super();
    this.push(...handles);
    Object.defineProperty(this, "batchId", { value: batchId, enumerable: false });
  }

  get runCount(): number {
    return this.length;
  }

  get runs(): readonly RunHandle[] {
    return [...this];
  }

  toJSON(): object {
    return { batchId: this.batchId, runCount: this.runCount, runs: this.runs };
  }
}

interface BatchPlan {
  readonly key: string | undefined;
  readonly list: readonly BatchEntry[];
  readonly batchId: string;
}

/** The key is given at the call; of items that are still to come it cannot know anything. */
function planBatch(
  scope: TaskScope | undefined,
  by: TriggerFunction,
  entries: BatchEntries,
  { idempotencyKey }: BatchOptions,
): BatchPlan | Promise<BatchPlan> {
  const about =
    idempotencyKey !== undefined
      ? resolveKey(idempotencyKey, scope?.ctx)
      : scope && isList(entries)
        ? entries.map(({ target, payload }) => [target.id, pack(payload)])
        : undefined;
  const key = scope && attemptKey(scope, by, digest(about));
  const source =
    idempotencyKey === undefined ? scope && `${scope.run.id} ${key}` : `key ${String(about)}`;
  const batchId = `batch_${source === undefined ? randomUUID().replaceAll("-", "") : digest(source)}`;
  if (isList(entries)) return { key, list: entries, batchId };
  return collect(entries).then((list) => ({ key, list, batchId }));
}

async function callsOf(
  entries: readonly BatchEntry[],
  by: TriggerFunction,
  batchId: string,
  batch: BatchOptions,
): Promise<StartCall[]> {
  const checks = entries.flatMap(({ target, payload }) => checkPayload(target, payload) ?? []);
  if (checks.length > 0) await Promise.all(checks);
  return entries.map(({ target, payload, options }, index) =>
    callOf(target, payload, withBatchKey(options, batch, index), by, batchId),
  );
}

/** Items without a key of their own have the batch's, with their number. */
function withBatchKey(
  options: TriggerOptions = {},
  { idempotencyKey, idempotencyKeyTTL }: BatchOptions,
  index: number,
): TriggerOptions {
  if (idempotencyKey === undefined || options.idempotencyKey !== undefined) return options;
  const key = itemKey(idempotencyKey, index, currentPlace()?.scope.ctx);
  return { idempotencyKeyTTL, ...options, idempotencyKey: key };
}

/** @throws {BatchTriggerError} */
async function startBatch(
  scope: TaskScope | undefined,
  key: string | undefined,
  calls: readonly StartCall[],
): Promise<readonly StartResult[]> {
  if (calls.length === 0) return [];
  try {
    return await startRuns(scope, key, calls);
  } catch (error) {
    throw new BatchTriggerError("create", calls.length, error);
  }
}

const isList = (entries: BatchEntries): entries is readonly BatchEntry[] => Array.isArray(entries);

function mapItems<TItem>(items: BatchItems<TItem>, map: (item: TItem) => BatchEntry): BatchEntries {
  if (Array.isArray(items)) return (items as readonly TItem[]).map(map);
  return mapLater(items as AsyncIterable<TItem>, map);
}

async function* mapLater<TItem>(
  items: AsyncIterable<TItem>,
  map: (item: TItem) => BatchEntry,
): AsyncIterable<BatchEntry> {
  for await (const item of items) yield map(item);
}

/** @throws {BatchTriggerError} */
async function collect(entries: AsyncIterable<BatchEntry>): Promise<BatchEntry[]> {
  const list: BatchEntry[] = [];
  try {
    for await (const entry of entries) list.push(entry);
  } catch (error) {
    throw new BatchTriggerError("stream", list.length, error);
  }
  return list;
}
