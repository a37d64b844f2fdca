import type { RunHost } from "../../runs/hosting.ts";
import { isLonghaulError } from "../../core/errors.ts";
import { bulkDefinition, type BulkTools } from "./bulk-work.ts";
import { type ReadSelection, selectRuns } from "./list-runs.ts";
import { replay } from "./replay-run.ts";

type Selection = ReadSelection | { readonly runIds: readonly string[] };

const tools: BulkTools = {
  async selectPage(host, selection, limit, after) {
    const wanted = selection as Selection;
    if ("runIds" in wanted) {
      const start = after === undefined ? 0 : wanted.runIds.indexOf(after) + 1;
      return wanted.runIds.slice(start, start + limit);
    }
    return (await selectRuns(host, wanted, { limit, after })).map(({ id }) => id);
  },

  async act(host, type, runId, bulkId) {
    if (type === "CANCEL") {
      if (await host.cancel(runId, "canceled by a bulk action")) return true;
      // It may have been this step, before its process died.
      return (await host.getRun(runId))?.state === "canceled";
    }
    try {
      await replay(host, runId, {}, `${bulkId} ${runId}`);
      return true;
    } catch (error) {
      // A run that is gone, or of a function that is: another try would not help.
      if (isLonghaulError(error) && !error.retryable) return false;
      throw error;
    }
  },
};

/** By what the runtime keeps beside runs: each task sees the runtime by a face of its own. */
const served = new WeakSet<object>();

/** Gives a runtime the function behind bulk actions. */
export function serveBulkActions(host: RunHost): void {
  if (served.has(host.stores)) return;
  served.add(host.stores);
  host.register([bulkDefinition(host, tools)]);
}
