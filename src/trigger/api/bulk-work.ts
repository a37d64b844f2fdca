import type { FunctionDefinition, RunHandle } from "../../runs/definition.ts";
import type { RunHost } from "../../runs/hosting.ts";
import type { JournalEntry } from "../../runs/types.ts";

/**
 * The work of bulk actions. Each is a run of a function that every process with tasks has, so that it goes on when a
 * process dies: page by page, each a step of its journal.
 */

/** What a bulk action does to each of its runs. */
export type BulkType = "CANCEL" | "REPLAY";

/** What a bulk action is given. JSON. */
export interface BulkInput {
  readonly type: BulkType;
  readonly name?: string | undefined;
  /** JSON of what `selectPage` of {@link BulkTools} takes. */
  readonly selection: unknown;
}

/** What a bulk action has come to. */
export interface BulkCounts {
  readonly total: number;
  readonly success: number;
  readonly failure: number;
}

/** What is done for one page, and where the next begins. */
interface PageResult extends Omit<BulkCounts, "total"> {
  readonly next?: string | undefined;
}

/** What bulk actions do, told apart from how it is kept going. */
export interface BulkTools {
  /** Ids of the page that follows a run. */
  selectPage(
    host: RunHost,
    selection: unknown,
    limit: number,
    after: string | undefined,
  ): Promise<readonly string[]>;
  /** Does it to one run. @returns whether it could be done */
  act(host: RunHost, type: BulkType, runId: string, bulkId: string): Promise<boolean>;
}

const FUNCTION_ID = "longhaul/bulk-action";
const PAGE = 100;
const COUNT_PAGE = 1_000;
const RETRIES = 20;
const MAX_DELAY_MS = 60_000;

/** Whether a run is that of a bulk action. */
export const isBulkRun = ({ functionId }: { readonly functionId: string }): boolean =>
  functionId === FUNCTION_ID;

export const BULK_FUNCTION = FUNCTION_ID;

/** The function behind bulk actions. */
export const bulkDefinition = (host: RunHost, tools: BulkTools): FunctionDefinition => ({
  id: FUNCTION_ID,
  triggers: [],
  retries: RETRIES,
  backoff: (attempt) => Math.min(1_000 * 2 ** attempt, MAX_DELAY_MS),
  handler: (run) => work(run, host, tools),
});

async function work(run: RunHandle, host: RunHost, tools: BulkTools): Promise<BulkCounts> {
  const { type, selection } = run.event.data as BulkInput;
  const total = (await run.run("count", () => count(host, tools, selection))) as number;
  let success = 0;
  let failure = 0;
  let after: string | undefined;
  do {
    const from = after;
    const page = (await run.run("page", async () => {
      const ids = await tools.selectPage(host, selection, PAGE, from);
      const done = await Promise.all(ids.map((id) => tools.act(host, type, id, run.id)));
      const succeeded = done.filter(Boolean).length;
      const next = ids.length < PAGE ? undefined : ids.at(-1);
      return { success: succeeded, failure: ids.length - succeeded, next } satisfies PageResult;
    })) as PageResult;
    success += page.success;
    failure += page.failure;
    after = page.next;
  } while (after !== undefined);
  return { total, success, failure };
}

async function count(host: RunHost, tools: BulkTools, selection: unknown): Promise<number> {
  let total = 0;
  for (let after: string | undefined; ;) {
    const ids = await tools.selectPage(host, selection, COUNT_PAGE, after);
    total += ids.length;
    if (ids.length < COUNT_PAGE) return total;
    after = ids.at(-1);
  }
}

/** How far a bulk action is, by its journal. */
export function countsOf(journal: readonly JournalEntry[]): BulkCounts {
  let [total, success, failure] = [0, 0, 0];
  for (const { kind, state, data } of journal) {
    if (kind !== "run" || state !== "done" || data === undefined) continue;
    const result = JSON.parse(data) as number | PageResult;
    if (typeof result === "number") total = result;
    else {
      success += result.success;
      failure += result.failure;
    }
  }
  return { total, success, failure };
}
