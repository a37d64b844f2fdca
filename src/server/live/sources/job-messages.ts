import { CONTROL_EVENT } from "../../../manager/job-control.ts";
import type { EventPlace } from "../../../queue/events/tail.ts";
import type { FollowedJob, JobLogLine } from "../../../queue/jobs/live-jobs.ts";
import type { JobStatePatch, LiveJob, LiveJobState, LiveQueueEvent } from "../messages.ts";
import { Patch } from "../patch.ts";

/** Jobs and their events as live messages. */

type Redact = <T>(payload: T) => T;

/** Parts of a job's cursor. */
export const EVENTS = 0;
export const LINES = 1;

export const iso = (time: number): string => new Date(time).toISOString();

/** A JSON text as a value; a text that is none stays one. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

export function liveJob(
  queue: string,
  { json, state }: FollowedJob,
  lines: readonly JobLogLine[],
  isPaused: boolean,
  redact: Redact,
): LiveJob {
  const { returnvalue, failedReason, processedOn, finishedOn } = json;
  return {
    id: json.id,
    queue,
    name: json.name,
    state,
    ...(isPaused && { isPaused }),
    progress: redact(json.progress),
    data: redact(parseJson(json.data)),
    ...(returnvalue !== undefined && { returnvalue: redact(parseJson(returnvalue)) }),
    ...(failedReason !== undefined && { failedReason }),
    attemptsMade: json.attemptsMade,
    attemptsStarted: json.attemptsStarted,
    createdAt: iso(json.timestamp),
    ...(processedOn !== undefined && { processedAt: iso(processedOn) }),
    ...(finishedOn !== undefined && { finishedAt: iso(finishedOn) }),
    logs: lines.map(({ line, text }) => ({ line, text })),
  };
}

/** Values of an event by their names. */
export type Fields = Readonly<Record<string, string>>;

export function toFields(flat: readonly string[]): Fields {
  const fields: Record<string, string> = {};
  for (let index = 0; index < flat.length; index += 2) fields[flat[index]!] = flat[index + 1] ?? "";
  return fields;
}

const STATES: ReadonlySet<string> = new Set<LiveJobState>([
  "waiting",
  "delayed",
  "waiting-children",
  "active",
  "completed",
  "failed",
  "removed",
]);

/** Whether an event says that a job went to another state. */
export const isStateEvent = ({ event }: Fields): boolean => STATES.has(event!);

/** A patch of a job's topic; none for what does not change the job. */
export function jobPatch(
  topic: string,
  fields: Fields,
  at: EventPlace,
  now: FollowedJob | undefined,
  redact: Redact,
): Patch | undefined {
  const place = { part: EVENTS, at };
  if (fields["event"] === "progress") {
    const progress = redact(parseJson(fields["data"]!));
    return Patch.latest("job.progress", { topic, progress }, "progress", place);
  }
  if (fields["event"] === CONTROL_EVENT) {
    const { change } = fields;
    // A removal is told once it is done.
    if (change === "removed") return undefined;
    return Patch.exact("job.paused", { topic, isPaused: change === "paused" }, place);
  }
  if (!isStateEvent(fields)) return undefined;
  return Patch.exact("job.state", { topic, ...stateOf(fields, redact), ...standing(now) }, place);
}

function stateOf(fields: Fields, redact: Redact): Omit<JobStatePatch, "topic"> {
  const { event, returnvalue, failedReason, delay } = fields;
  return {
    state: event as LiveJobState,
    ...(event === "completed" && { returnvalue: redact(parseJson(returnvalue!)) }),
    ...(event === "failed" && { failedReason: failedReason! }),
    ...(event === "delayed" && { dueAt: iso(Number(delay)) }),
  };
}

function standing(now: FollowedJob | undefined): Partial<JobStatePatch> {
  if (now === undefined) return {};
  const { attemptsMade, attemptsStarted, processedOn, finishedOn } = now.json;
  return {
    attemptsMade,
    attemptsStarted,
    ...(processedOn !== undefined && { processedAt: iso(processedOn) }),
    ...(finishedOn !== undefined && { finishedAt: iso(finishedOn) }),
  };
}

/** An event of a queue, with what is JSON text in it as a value. */
export function queueEvent(flat: readonly string[], redact: Redact): LiveQueueEvent {
  const fields = toFields(flat);
  const { event = "" } = fields;
  if (event === "progress") return { ...fields, event, data: redact(parseJson(fields["data"]!)) };
  if (event === "completed")
    return { ...fields, event, returnvalue: redact(parseJson(fields["returnvalue"]!)) };
  return { ...fields, event };
}
