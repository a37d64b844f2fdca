import { LonghaulError } from "../core/errors.ts";
import type { FunctionDeclaration } from "./definition.ts";
import { toRunEvent } from "./incoming-events.ts";
import { createStartRequest } from "./start-request.ts";
import { checkDetails } from "./store/checks.ts";
import type { ClaimedRun, StartRequest } from "./store/run-store.ts";
import type { StartCall, StartDetails } from "./store/start-details.ts";

/** The event that a run gets which was started by a call, not by an event. */
export const CALLED_EVENT = "longhaul/run.called";

/** Where {@link startsOfCalls} looks. */
export interface CallHost {
  now(): number;
  /** A function of this process, or of another. */
  find(functionId: string): FunctionDeclaration | undefined;
  /** The context of the caller, if there is telemetry. */
  trace(): string | undefined;
}

/**
 * The requests for starts that somebody asked for.
 * @param parent the run that asks: they become its children
 * @throws {LonghaulError} RUNS_UNKNOWN_FUNCTION, RUNS_NOT_JSON, RUNS_TOO_LARGE
 */
export function startsOfCalls(
  calls: readonly StartCall[],
  host: CallHost,
  parent?: ClaimedRun,
): StartRequest[] {
  const now = host.now();
  const trace = host.trace();
  return calls.map(({ functionId, data, meta, events, details }) => {
    const definition = host.find(functionId);
    if (!definition) throw new LonghaulError("RUNS_UNKNOWN_FUNCTION", { function: functionId });
    checkDetails(details);
    const [first = { name: CALLED_EVENT, data, meta }, ...others] = events ?? [];
    const given = others.map((event) => toRunEvent(event, now, trace));
    const own = parent ? { ...descent(parent), ...details } : details;
    const all = [toRunEvent(first, now, trace), ...given] as const;
    const request = createStartRequest(definition, all, { now, details: own });
    // A run that is repeated gathers nothing: what it is given was gathered the first time.
    return details?.replayOf === undefined || !events
      ? request
      : { ...request, batch: undefined, debounce: undefined };
  });
}

/** Where a child is in the family. */
function descent({ id, details }: ClaimedRun): StartDetails {
  return {
    parentRunId: id,
    rootRunId: details?.rootRunId ?? id,
    depth: (details?.depth ?? 0) + 1,
  };
}
