import type { RunEnd } from "../runs/definition.ts";
import type { EventInput } from "../runs/types.ts";
import { internalEvents } from "./internal-events.ts";

const { FunctionFailed, FunctionFinished, FunctionCancelled } = internalEvents;

/** Runs that these events start cause none themselves: two functions would keep each other going for ever. */
const ENDS: ReadonlySet<string> = new Set([FunctionFailed, FunctionFinished, FunctionCancelled]);

/** The events that the end of a run causes. */
export function endEventsOf(end: RunEnd): readonly EventInput[] {
  const [event] = end.events;
  if (event !== undefined && ENDS.has(event.name)) return [];
  const about = { function_id: end.functionId, run_id: end.runId };
  switch (end.state) {
    case "completed":
      return [
        { name: FunctionFinished, data: { ...about, result: JSON.parse(end.output ?? "null") } },
      ];
    case "failed":
      return [
        // The run's id keeps a second one away, should the end be reported twice.
        {
          id: end.runId,
          name: FunctionFailed,
          data: { ...about, error: end.error, event: originalOf(end) },
        },
        { name: FunctionFinished, data: { ...about, error: end.error } },
      ];
    // To Inngest, a run that was too late to start or finish was canceled.
    case "canceled":
    case "timedOut":
    case "expired":
      return [
        { id: end.runId, name: FunctionCancelled, data: { ...about, event: originalOf(end) } },
      ];
    case "skipped":
      return [];
  }
}

/** The event that started the run, as its handler saw it. */
function originalOf({ events: [event] }: RunEnd): unknown {
  if (event === undefined) return undefined;
  const { externalId, ...rest } = event;
  return { ...rest, id: externalId ?? event.id };
}
