import type { StartOutcome } from "./run-store.ts";
import type { StartResult } from "./start-details.ts";

/** What became of a start, as its caller is told. @param runId the id that the start was made with */
export function toStartResult(runId: string, outcome: StartOutcome): StartResult {
  if (outcome.outcome === "limited") return { runId, isCached: false, refused: "limited" };
  if (outcome.outcome === "skipped")
    return { runId: outcome.runId, isCached: false, refused: "skipped" };
  return { runId: outcome.runId, isCached: outcome.runId !== runId };
}
