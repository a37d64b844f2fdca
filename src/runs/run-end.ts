import type { FunctionDefinition, RunEnd } from "./definition.ts";
import type { ClaimedRun, EventBatch } from "./store/run-store.ts";
import type { EventInput } from "./types.ts";

/** What {@link endBatch} needs. */
export interface EndHost {
  batch(events: readonly EventInput[]): EventBatch;
  report(error: unknown): void;
}

const NO_EVENTS: EventBatch = { events: [], starts: [], matches: () => false };

/** The events that the end of a run causes, with what they start. What fails in it does not keep the run from ending. */
export function endBatch(
  definition: FunctionDefinition,
  { id: runId, functionId, events }: ClaimedRun,
  outcome: Pick<RunEnd, "state" | "output" | "error">,
  host: EndHost,
): EventBatch {
  if (!definition.endEvents) return NO_EVENTS;
  try {
    const sent = definition.endEvents({ runId, functionId, events, ...outcome });
    return sent.length > 0 ? host.batch(sent) : NO_EVENTS;
  } catch (error) {
    host.report(error);
    return NO_EVENTS;
  }
}
