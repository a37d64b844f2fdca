import type { JobState } from "bullmq";
import { LonghaulError } from "../../core/errors.ts";
import { State } from "../states.ts";

/** Every state of a job, as BullMQ names it. */
export const jobStates = [
  "waiting",
  "prioritized",
  "delayed",
  "waiting-children",
  "active",
  "completed",
  "failed",
] as const satisfies readonly JobState[];

/** One of {@link jobStates}. */
export type JobStateName = (typeof jobStates)[number];

/** @throws {LonghaulError} SERVER_BAD_SEARCH */
export function checkJobState(name: string): JobStateName {
  const state = name === "wait" ? "waiting" : name;
  if ((jobStates as readonly string[]).includes(state)) return state as JobStateName;
  throw new LonghaulError("SERVER_BAD_SEARCH", {
    reason: `"${name}" is no state of a job; there are ${jobStates.join(", ")}`,
  });
}

const NAMES = {
  [State.delayed]: "delayed",
  [State.waitingChildren]: "waiting-children",
  [State.completed]: "completed",
  [State.failed]: "failed",
  [State.active]: "active",
} as const;

/** The name of a state. @param major of the job's place in line: its priority while it waits */
export function jobStateName(state: State, major: number): JobStateName {
  if (state !== State.waiting) return NAMES[state];
  return major === 0 ? "waiting" : "prioritized";
}

/** Which rows of `pending`, and which values of `job.state` and `job.major`, are jobs of a state. */
export const LINES = {
  waiting: `state = ${State.waiting} AND major = 0`,
  prioritized: `state = ${State.waiting} AND major > 0`,
  delayed: `state = ${State.delayed}`,
  "waiting-children": `state = ${State.waitingChildren}`,
} as const;

/** How a state that is an end is stored. */
export const ENDS = { completed: State.completed, failed: State.failed } as const;
