import type { FinalRunState } from "../../types.ts";
import type { RunStore } from "../run-store.ts";
import { stateName } from "./codes.ts";
import { loadEvent } from "./events.ts";
import { ingestEvents } from "./ingest.ts";
import type { RunTransaction } from "./transaction.ts";

/** What the end of a run causes. */
export type EndEffects = Parameters<RunStore["setEndEffects"]>[0];

/** Draws the consequences of the runs that this operation ended. They may end others. */
export function causeEndEffects(tx: RunTransaction, effects: EndEffects): void {
  for (let ended = tx.endings; ended.length > 0; ended = tx.endings) {
    tx.endings = [];
    for (const { row, state, error, now } of ended) {
      const end = {
        runId: row.id,
        functionId: tx.functionId(row.function),
        state: stateName(state) as FinalRunState,
        events: row.eventKeys.map((event) => loadEvent(tx, event)),
        error,
      };
      const batch = effects(end, now);
      if (batch) ingestEvents(tx, { now, ...batch });
    }
  }
}
