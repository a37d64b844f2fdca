import type { RunHost } from "../../runs/hosting.ts";
import type { RunRecord } from "../../runs/store/run-store.ts";
import { durationMs } from "../durations.ts";
import { currentHost } from "../host/binding.ts";
import type { OneOrMany } from "../types/untyped.ts";
import { findRun } from "./change-runs.ts";
import { readTime } from "./list-runs.ts";
import { badCall, checkProperties, notFound, readId, readText, readWhole } from "./refusals.ts";
import { retrievedRun, runWithData } from "./run-info.ts";
import type { RetrievedRun, RunRef, RunWithData } from "./run-types.ts";

/** Properties that a subscription need not bring. */
export type SkippableColumn = Exclude<keyof RunWithData, "id" | "status" | "taskIdentifier">;

/** How runs are followed. */
export interface SubscribeOptions {
  /** Ends the subscription. */
  readonly signal?: AbortSignal | undefined;
  /** @default none */
  readonly skipColumns?: readonly SkippableColumn[] | undefined;
}

const WEEK_MS = 7 * 86_400_000;
const DAY_MS = 86_400_000;

/**
 * Waits for the end of a run, whatever it is. The store says when; nothing is asked again and again.
 *
 * @param options.pollIntervalMs Taken for Trigger.dev's sake: the end is known at once.
 * @throws {LonghaulError} TASK_NOT_FOUND
 */
export async function pollRun<TRun>(
  run: RunRef<TRun>,
  options: { readonly pollIntervalMs?: number | undefined } = {},
): Promise<RetrievedRun<TRun>> {
  const call = "runs.poll";
  const id = readId(call, run);
  checkProperties(call, options, ["pollIntervalMs"]);
  if (options.pollIntervalMs !== undefined)
    readWhole(call, "pollIntervalMs", options.pollIntervalMs, { min: 1 });
  const host = currentHost();
  await findRun(host, id);
  // It ends when the run has.
  for await (const _ of host.stores.runs.watchRun(id));
  return retrievedRun(host, await findRun(host, id));
}

/**
 * A run now, and then whenever something about it changes: status, attempt, tags, metadata, times. Ends with the run,
 * unless `stopOnCompletion` is false.
 *
 * @throws {LonghaulError} TASK_NOT_FOUND, at the first item
 */
export async function* subscribeToRun<TRun>(
  run: RunRef<TRun>,
  options: SubscribeOptions & {
    /** @default true */
    readonly stopOnCompletion?: boolean | undefined;
  } = {},
): AsyncGenerator<RunWithData<TRun>, void, undefined> {
  const call = "runs.subscribeToRun";
  const id = readId(call, run);
  checkProperties(call, options, ["signal", "skipColumns", "stopOnCompletion"]);
  const { signal, skipColumns, stopOnCompletion = true } = options;
  const show = shower(call, skipColumns);
  const host = currentHost();
  const { createdAt, functionId } = await findRun(host, id);
  const records = stopOnCompletion
    ? host.stores.runs.watchRun(id, signal)
    : host.stores.runs.watch({ functionIds: [functionId], from: createdAt, to: createdAt }, signal);
  for await (const record of records)
    if (record.id === id) yield show(host, record) as RunWithData<TRun>;
}

/**
 * The runs that have a tag (of a list, all of them), oldest first, and then whenever one of them changes or another
 * comes. Ends with its signal.
 */
export async function* subscribeToRunsWithTag(
  tag: OneOrMany<string>,
  filter: {
    /** Runs made since: `"1h"` ago, epoch ms or a date; at most a week. @default "1d" */
    readonly createdAt?: string | number | Date | undefined;
  } & Pick<SubscribeOptions, "skipColumns"> = {},
  options: SubscribeOptions = {},
): AsyncGenerator<RunWithData, void, undefined> {
  const call = "runs.subscribeToRunsWithTag";
  const tags = (typeof tag === "string" ? [tag] : tag).map((one) => readText(call, "tag", one));
  if (tags.length === 0) badCall(call, "there is no tag");
  checkProperties(call, filter, ["createdAt", "skipColumns"]);
  checkProperties(call, options, ["signal", "skipColumns"]);
  const show = shower(call, options.skipColumns ?? filter.skipColumns);
  const host = currentHost();
  const from = sinceWhen(call, filter.createdAt, host.now());
  for await (const record of host.stores.runs.watch({ tags, from }, options.signal))
    if (tags.every((one) => record.details?.tags?.includes(one))) yield show(host, record);
}

/**
 * The runs of a batch, and then whenever one of them changes. Ends with its signal.
 * @throws {LonghaulError} TASK_NOT_FOUND, at the first item
 */
export async function* subscribeToBatch(
  batch: string | { readonly batchId: string },
  options: SubscribeOptions = {},
): AsyncGenerator<RunWithData, void, undefined> {
  const call = "runs.subscribeToBatch";
  const id = readText(call, "the id", typeof batch === "string" ? batch : batch?.batchId);
  checkProperties(call, options, ["signal", "skipColumns"]);
  const show = shower(call, options.skipColumns);
  const host = currentHost();
  if (!(await host.stores.batches.retrieve(id))) notFound("batch", id);
  for await (const record of host.stores.runs.watch({ batchId: id }, options.signal))
    yield show(host, record);
}

function sinceWhen(call: string, given: unknown, now: number): number {
  const since =
    typeof given === "string"
      ? now - durationMs(given, "createdAt")
      : (readTime(call, "createdAt", given) ?? now - DAY_MS);
  return since < now - WEEK_MS ? badCall(call, "createdAt is more than a week ago") : since;
}

/** Shows runs without some of their properties. */
function shower(
  call: string,
  columns: readonly unknown[] = [],
): (host: RunHost, run: RunRecord) => RunWithData {
  const skipped = new Set(columns.map((column) => readText(call, "skipColumns", column)));
  return (host, run) => {
    const shown = runWithData(run, host.now());
    if (skipped.size === 0) return shown;
    return Object.fromEntries(
      Object.entries(shown).filter(([name]) => KEPT.has(name) || !skipped.has(name)),
    ) as unknown as RunWithData;
  };
}

const KEPT: ReadonlySet<string> = new Set(["id", "status", "taskIdentifier"]);
