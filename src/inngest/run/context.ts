import { LonghaulError } from "../../core/errors.ts";
import type { RunHandle } from "../../runs/definition.ts";
import { deserializeError } from "../../runs/errors.ts";
import type { SerializedError } from "../../runs/types.ts";
import type { Sessions } from "../events/sessions.ts";
import { childLogger, gatedLogger, type Logger } from "../logger.ts";
import type { GroupTools } from "../steps/group.ts";
import type { AnyContext } from "../types/context.ts";
import type { StepTools } from "../types/steps.ts";
import { currentScope } from "./scope.ts";
import { toUserEvent } from "./user-event.ts";

/** Executions of this process, for telling them apart. */
let executions = 0;

/** The context of a handler. The logger is made when somebody looks at it: most handlers log nothing. */
export function createContext(
  run: RunHandle,
  parts: { step: StepTools; group: GroupTools; logger: Logger; sessions: Sessions | undefined },
): AnyContext {
  const events = run.events.map(toUserEvent) as AnyContext["events"];
  const requestId = `${run.id}.${++executions}`;
  let logger: Logger | undefined;
  return {
    event: events[0],
    events,
    runId: run.id,
    get attempt(): number {
      return currentScope()?.attempt ?? attemptOf(run);
    },
    maxAttempts: run.maxAttempts,
    step: parts.step,
    group: parts.group,
    ...(parts.sessions && { sessions: parts.sessions }),
    requestId,
    jobId: requestId,
    get logger(): Logger {
      return (logger ??= createLogger(run, parts.logger, requestId));
    },
    set logger(replacement) {
      logger = replacement;
    },
    defer(id): never {
      throw new LonghaulError("INNGEST_UNSUPPORTED", {
        feature: `defer (${JSON.stringify(id)})`,
        reason: "what starts after the end is what the last step sends or invokes",
      });
    },
  };
}

/** The error that an `onFailure` handler is told, made from its event. */
export function failureOf(context: AnyContext): Error {
  const { error } = context.event.data as { readonly error?: SerializedError };
  return deserializeError(error ?? { name: "Error", message: "The run failed" });
}

/**
 * The attempt as Inngest counts it. There every try is a request of its own, so that a step which is tried again sees
 * its own number; the code between steps has another count.
 */
function attemptOf({ attempt, journal }: RunHandle): number {
  let most = attempt;
  for (const entry of journal)
    if (entry.state === "retry" && entry.attempt > most) most = entry.attempt;
  return most;
}

function createLogger(run: RunHandle, logger: Logger, requestId: string): Logger {
  const child = childLogger(logger, {
    runID: run.id,
    eventName: run.event.name,
    requestId,
  });
  return gatedLogger(child, () => !run.isReplaying);
}
