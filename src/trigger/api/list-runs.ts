import type { RunHost } from "../../runs/hosting.ts";
import { MAX_PAGE } from "../../runs/store/limits.ts";
import { taskQueueName } from "../../runs/store/queue-store.ts";
import type { RunFilter } from "../../runs/store/run-list.ts";
import type { RunRecord } from "../../runs/store/run-store.ts";
import { durationMs } from "../durations.ts";
import { currentHost } from "../host/binding.ts";
import type { OneOrMany } from "../types/untyped.ts";
import { isBulkRun } from "./bulk-work.ts";
import { type Cursor, type CursorPage, PagePromise, readCursorPage } from "./pages.ts";
import { badCall, checkProperties, readText, readWhole, unsupported } from "./refusals.ts";
import { runInfo } from "./run-info.ts";
import type { RunInfo } from "./run-types.ts";
import { type RunStatus, statesOf, statusOf } from "./statuses.ts";

/** A queue by its name: that of a task (by the task's id), or one that was named in the code. */
export interface QueueTypeName {
  readonly type: "task" | "custom";
  readonly name: string;
}

/** Which runs; all that is said has to fit. Of a list, one of its items has to. */
export interface RunSelection {
  readonly status?: OneOrMany<RunStatus> | undefined;
  readonly taskIdentifier?: OneOrMany<string> | undefined;
  readonly tag?: OneOrMany<string> | undefined;
  /** Made at this time or later; epoch ms, or a date. */
  readonly from?: Date | number | undefined;
  /** Made at this time or earlier; epoch ms, or a date. */
  readonly to?: Date | number | undefined;
  /** Made within the last so much: `"1d"`. */
  readonly period?: string | undefined;
  /** The id of a schedule that `schedules.create` has made. */
  readonly schedule?: string | undefined;
  readonly batch?: string | undefined;
  readonly queue?: QueueTypeName | undefined;
  readonly isTest?: boolean | undefined;
}

/** Which page of which runs. */
export interface ListRunsParams extends RunSelection {
  /** At most 100. @default 25 */
  readonly limit?: number | undefined;
  /** The id of the run that the page follows: older runs. */
  readonly after?: string | undefined;
  /** The id of the run that the page comes before: newer runs. */
  readonly before?: string | undefined;
}

const CALL = "runs.list";
const DEFAULT_LIMIT = 25;
const MAX_LIMIT = 100;
export const SELECTION_NAMES: readonly (keyof RunSelection)[] = [
  "status",
  "taskIdentifier",
  "tag",
  "from",
  "to",
  "period",
  "schedule",
  "batch",
  "queue",
  "isTest",
];
export const LACKING_FILTERS: Readonly<Record<string, string>> = {
  version: "there are no versions: runs use the code that the process has",
  bulkAction: "runs do not keep which bulk action was applied to them",
  machine: "code runs where its process runs",
  region: "there are no regions",
};

/** Runs, newest first. */
export function listRuns(
  params: ListRunsParams | string = {},
  ...rest: unknown[]
): PagePromise<RunInfo, CursorPage<RunInfo>> {
  return PagePromise.of(readPage(params, rest));
}

async function readPage(
  params: ListRunsParams | string,
  rest: readonly unknown[],
): Promise<CursorPage<RunInfo>> {
  if (typeof params === "string" || rest.some((more) => more !== undefined))
    unsupported("projects in runs.list", "a store has one; give the filter alone");
  checkProperties(CALL, params, [...SELECTION_NAMES, "limit", "after", "before"], LACKING_FILTERS);
  const { limit = DEFAULT_LIMIT, after, before } = params;
  readWhole(CALL, "limit", limit, { min: 1, max: MAX_LIMIT });
  if (after !== undefined && before !== undefined)
    badCall(CALL, "after and before exclude each other");
  const host = currentHost();
  const selection = readSelection(CALL, params, host.now());
  const list = async (cursor: Cursor & { readonly limit: number }): Promise<RunInfo[]> => {
    const now = host.now();
    return (await selectRuns(host, selection, cursor)).map((run) => runInfo(run, now));
  };
  return readCursorPage(list, limit, { after, before });
}

/** A selection as the store and {@link selectRuns} take it. JSON. */
export interface ReadSelection {
  readonly filter: RunFilter;
  readonly statuses?: readonly string[] | undefined;
}

/** @throws {LonghaulError} TASK_BAD_CALL, TASK_BAD_DURATION */
export function readSelection(call: string, given: RunSelection, now: number): ReadSelection {
  const { period, schedule, batch, queue, isTest } = given;
  const statuses = readList(call, "status", given.status);
  const since =
    period === undefined ? undefined : now - durationMs(readText(call, "period", period), "period");
  if (since !== undefined && given.from !== undefined)
    badCall(call, "from and period exclude each other");
  if (isTest !== undefined && typeof isTest !== "boolean")
    badCall(call, `isTest is ${String(isTest)}, and must be true or false`);
  return {
    statuses,
    filter: {
      states: statuses && statesOf(call, statuses),
      functionIds: readList(call, "taskIdentifier", given.taskIdentifier),
      tags: readList(call, "tag", given.tag),
      batchId: batch === undefined ? undefined : readText(call, "batch", batch),
      scheduleId: schedule === undefined ? undefined : readText(call, "schedule", schedule),
      queue: queue === undefined ? undefined : readQueueName(call, queue),
      isTest,
      from: readTime(call, "from", given.from) ?? since,
      to: readTime(call, "to", given.to),
    },
  };
}

/**
 * Runs of a selection, newest first. Those in which Longhaul does something of its own are left out, and those whose
 * status another shares its state with.
 */
export async function selectRuns(
  host: RunHost,
  { filter, statuses }: ReadSelection,
  { limit, after, before }: Cursor & { readonly limit: number },
): Promise<RunRecord[]> {
  const isUp = before !== undefined && after === undefined;
  const found: RunRecord[] = [];
  let cursor: Cursor = { after, before };
  // Few runs are left out, unless it is by their status: then more are looked at in a go.
  for (let size = limit; ; size = Math.min(size * 2, MAX_PAGE)) {
    const page = await host.stores.runs.list({ ...filter, ...cursor, limit: size });
    const fitting = page.filter(
      (run) => !isBulkRun(run) && (statuses?.includes(statusOf(run)) ?? true),
    );
    if (isUp) found.unshift(...fitting);
    else found.push(...fitting);
    if (page.length < size || found.length >= limit)
      return isUp ? found.slice(-limit) : found.slice(0, limit);
    cursor = isUp ? { before: page[0]!.id } : { after: page.at(-1)!.id };
  }
}

/**
 * The name of a queue in the store.
 * @throws {LonghaulError} TASK_BAD_CALL
 */
export function readQueueName(call: string, queue: unknown): string {
  if (typeof queue === "string") return readText(call, "the queue", queue);
  const { type, name } = (queue ?? {}) as Partial<Record<keyof QueueTypeName, unknown>>;
  const text = readText(call, "the queue's name", name);
  if (type === "task") return taskQueueName(text);
  return type === "custom" ? text : badCall(call, 'the queue\'s type must be "task" or "custom"');
}

function readList(call: string, name: string, given: unknown): string[] | undefined {
  if (given === undefined) return undefined;
  const list: readonly unknown[] = Array.isArray(given) ? given : [given];
  return list.map((item) => readText(call, name, item));
}

/** @throws {LonghaulError} TASK_BAD_CALL */
export function readTime(call: string, name: string, given: unknown): number | undefined {
  if (given === undefined) return undefined;
  const time = given instanceof Date ? given.getTime() : given;
  if (typeof time === "number" && Number.isFinite(time)) return time;
  return badCall(call, `${name} must be a valid date or epoch ms`);
}
