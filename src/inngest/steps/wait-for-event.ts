import { limitMs } from "../durations.ts";
import { EventType, isPattern } from "../events/event-type.ts";
import { isStandardSchema } from "../../core/standard-schema.ts";
import { checkData } from "../run/check-events.ts";
import type { StepCall } from "../run/take-step.ts";
import { toUserEvent } from "../run/user-event.ts";
import type { StepOptions } from "../types/steps.ts";
import { badStep, nameOf } from "./step-options.ts";
import type { ToolParts } from "./tools.ts";

/** The options of a wait, of no type that could be relied on. */
type Wait = Readonly<Record<string, unknown>>;

/** Describes `step.waitForEvent`. Middleware sees the event by its name, as JSON has it. */
export function waitForEvent(
  parts: ToolParts,
  options: StepOptions,
  wait: Wait | undefined,
): StepCall {
  const { event } = wait ?? {};
  const name = event instanceof EventType ? event.name : event;
  return {
    type: "waitForEvent",
    options,
    input: [{ ...wait, event: name }],
    perform: async (options, [wait]) => {
      const received = await take(parts, options, (wait ?? {}) as Wait);
      if (received === null) return null;
      if (event instanceof EventType && isStandardSchema(event.schema))
        await checkData(received.name, received.data, [event.schema]);
      return toUserEvent(received);
    },
  };
}

function take({ run, host }: ToolParts, options: StepOptions, wait: Wait) {
  const { event, timeout, if: condition, match } = wait;
  if (typeof event !== "string" || event === "") throw badStep(options, "it waits for no event");
  if (isPattern(event)) throw badStep(options, "it waits for one event, not for a pattern");
  if (condition !== undefined && match !== undefined)
    throw badStep(options, "it takes if or match, not both");
  return run.waitForEvent(options.id, {
    event,
    timeoutMs: limitMs(timeout, host.now(), nameOf("waitForEvent", options)),
    ...(condition !== undefined && { if: textOf(condition, options, "if") }),
    ...(match !== undefined && { match: textOf(match, options, "match") }),
  });
}

function textOf(value: unknown, options: StepOptions, what: string): string {
  if (typeof value === "string") return value;
  throw badStep(options, `its ${what} is no text`);
}
