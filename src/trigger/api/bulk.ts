import type { RunHost } from "../../runs/hosting.ts";
import type { RunRecord } from "../../runs/store/run-store.ts";
import { currentHost } from "../host/binding.ts";
import {
  BULK_FUNCTION,
  type BulkCounts,
  type BulkInput,
  type BulkType,
  countsOf,
  isBulkRun,
} from "./bulk-work.ts";
import { serveBulkActions } from "./bulk-tools.ts";
import {
  LACKING_FILTERS,
  type ReadSelection,
  readSelection,
  type RunSelection,
  SELECTION_NAMES,
} from "./list-runs.ts";
import { type CursorPage, PagePromise, readCursorPage } from "./pages.ts";
import { badCall, checkProperties, notFound, readId, readText, readWhole } from "./refusals.ts";

/** Which runs a bulk action is about: those of a filter that were made before it, or a list of ids. */
export interface BulkRequest {
  readonly filter?: RunSelection | undefined;
  readonly runIds?: readonly string[] | undefined;
  /** For people. */
  readonly name?: string | undefined;
}

/** A bulk action as it is. */
export interface BulkAction {
  readonly id: string;
  readonly name?: string;
  readonly type: BulkType;
  readonly status: "PENDING" | "COMPLETED" | "ABORTED";
  /** How many runs it is about, known once they were counted, and how many it could and could not do something to. */
  readonly counts: BulkCounts;
  readonly createdAt: Date;
  readonly completedAt?: Date;
}

const MAX_RUN_IDS = 10_000;
const MAX_LIMIT = 100;

/** One thing done to many runs. It is done by the processes that execute tasks, and goes on if one of them dies. */
export const bulk = {
  /** Cancels runs that are not over. */
  cancel: (request: BulkRequest): Promise<{ readonly id: string }> =>
    begin("runs.bulk.cancel", "CANCEL", request),

  /** Repeats runs, each once. */
  replay: (request: BulkRequest): Promise<{ readonly id: string }> =>
    begin("runs.bulk.replay", "REPLAY", request),

  /** @throws {LonghaulError} TASK_NOT_FOUND */
  async retrieve(action: string | { readonly id: string }): Promise<BulkAction> {
    return toAction(await find(currentHost(), readId("runs.bulk.retrieve", action)));
  },

  /** Bulk actions, newest first. */
  list(
    options: {
      /** At most 100. @default 25 */
      readonly limit?: number | undefined;
      readonly after?: string | undefined;
      readonly before?: string | undefined;
    } = {},
  ): PagePromise<BulkAction, CursorPage<BulkAction>> {
    return PagePromise.of(list(options));
  },

  /** Waits until a bulk action is over. @throws {LonghaulError} TASK_NOT_FOUND */
  async poll(
    action: string | { readonly id: string },
    options: { readonly pollIntervalMs?: number | undefined } = {},
  ): Promise<BulkAction> {
    checkProperties("runs.bulk.poll", options, ["pollIntervalMs"]);
    const id = readId("runs.bulk.poll", action);
    const host = currentHost();
    await find(host, id);
    for await (const _ of host.stores.runs.watchRun(id));
    return toAction(await find(host, id));
  },

  /** Ends a bulk action; what it has done stays done. @throws {LonghaulError} TASK_NOT_FOUND */
  async abort(action: string | { readonly id: string }): Promise<{ readonly id: string }> {
    const id = readId("runs.bulk.abort", action);
    const host = currentHost();
    await find(host, id);
    await host.cancel(id, "aborted");
    return { id };
  },
};

async function begin(
  call: string,
  type: BulkType,
  request: BulkRequest,
): Promise<{ readonly id: string }> {
  checkProperties(call, request, ["filter", "runIds", "name"], {
    targetRegion: "there are no regions",
  });
  const host = currentHost();
  const name = request.name === undefined ? undefined : readText(call, "name", request.name);
  const selection = select(call, request, host.now());
  serveBulkActions(host);
  const data: BulkInput = { type, name, selection };
  const [result] = await host.startRuns([{ functionId: BULK_FUNCTION, data }]);
  return { id: result!.runId };
}

function select(
  call: string,
  { filter, runIds }: BulkRequest,
  now: number,
): ReadSelection | { readonly runIds: readonly string[] } {
  if ((filter === undefined) === (runIds === undefined))
    badCall(call, "it takes either a filter or runIds");
  if (runIds !== undefined) {
    if (!Array.isArray(runIds) || runIds.length > MAX_RUN_IDS)
      badCall(call, `runIds must be a list of at most ${MAX_RUN_IDS}`);
    return { runIds: [...new Set(runIds.map((id) => readText(call, "an id", id)))] };
  }
  checkProperties(call, filter, SELECTION_NAMES, LACKING_FILTERS);
  const read = readSelection(call, filter!, now);
  // What it makes itself is not among them.
  return { ...read, filter: { ...read.filter, to: Math.min(read.filter.to ?? now, now) } };
}

async function list(options: {
  readonly limit?: number | undefined;
  readonly after?: string | undefined;
  readonly before?: string | undefined;
}): Promise<CursorPage<BulkAction>> {
  const call = "runs.bulk.list";
  checkProperties(call, options, ["limit", "after", "before"]);
  const { limit = 25, after, before } = options;
  readWhole(call, "limit", limit, { min: 1, max: MAX_LIMIT });
  const host = currentHost();
  return readCursorPage(
    async (cursor) => {
      const page = await host.stores.runs.list({ functionIds: [BULK_FUNCTION], ...cursor });
      const runs = await Promise.all(page.map(({ id }) => host.getRun(id)));
      return runs.flatMap((run) => (run ? [toAction(run)] : []));
    },
    limit,
    { after, before },
  );
}

async function find(host: RunHost, id: string): Promise<RunRecord> {
  const run = await host.getRun(id);
  return run && isBulkRun(run) ? run : notFound("bulk action", id);
}

function toAction({ id, state, events, journal, createdAt, finishedAt }: RunRecord): BulkAction {
  const { type, name } = events[0]!.data as BulkInput;
  const isOver = finishedAt !== undefined;
  return {
    id,
    ...(name !== undefined && { name }),
    type,
    status: state === "completed" ? "COMPLETED" : isOver ? "ABORTED" : "PENDING",
    counts: countsOf(journal),
    createdAt: new Date(createdAt),
    ...(isOver && { completedAt: new Date(finishedAt) }),
  };
}
