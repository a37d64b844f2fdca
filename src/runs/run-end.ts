import type { FunctionDefinition, RunEnd } from "./definition.ts";
import type { EventBatch } from "./store/run-store.ts";
import type { EventInput } from "./types.ts";

/** What {@link endBatch} needs. */
export interface EndHost {
  batch(events: readonly EventInput[]): EventBatch;
  report(error: unknown): void;
}

/** What causes nothing. */
export const NO_EVENTS: EventBatch = { events: [], starts: [], matches: () => false };

/** The events that the end of a run causes, with what they start. What fails in it does not keep the run from ending. */
export function endBatch(
  definition: FunctionDefinition,
  end: RunEnd,
  host: EndHost,
): EventBatch | undefined {
  if (!definition.endEvents) return undefined;
  try {
    const sent = definition.endEvents(end);
    return sent.length > 0 ? host.batch(sent) : undefined;
  } catch (error) {
    host.report(error);
    return undefined;
  }
}
