import type { ErrorEntry } from "./entry.ts";

/** Errors of tasks in Trigger.dev's idiom. */
export const taskErrors = {
  TASK_BAD_CALL: {
    message: "{call} cannot be used so: {reason}",
    retryable: false,
    status: 400,
    hint: "Look at the option that the message names; docs/trigger.md lists them with their limits. Nothing was done.",
  },
  TASK_BAD_CONFIG: {
    message: "{file} cannot be used as a configuration: {reason}",
    retryable: false,
    status: 500,
    hint: "Export default defineConfig({ project, … }); dirs names the folders of the tasks.",
  },
  TASK_BAD_DURATION: {
    message: "{value} is no time for {option}: {reason}",
    retryable: false,
    status: 400,
    hint: 'Write "30s", "10m", "1h30m", "7d" or "2w", a Date where one may stand, and { seconds: 30 } for wait.for.',
  },
  TASK_BAD_OPTION: {
    message: "{owner} cannot be made: {reason}",
    retryable: false,
    status: 500,
    hint: "Look at the option that the message names; docs/trigger.md lists them with their limits.",
  },
  TASK_BAD_TRIGGER: {
    message: "{task} cannot be triggered: {reason}",
    retryable: false,
    status: 400,
    hint: "Look at the option that the message names; docs/trigger.md lists them with their limits. Nothing was started.",
  },
  TASK_CONFLICT: {
    message: "{call} cannot be done: {reason}",
    retryable: false,
    status: 409,
    hint: "Only runs that are delayed have a time to change, and only schedules that schedules.create has made.",
  },
  TASK_HOOK_FAILED: {
    message: "The hook {hook} of {task} failed: {reason}",
    retryable: false,
    status: 500,
    hint: "Look at the error's cause. Middleware has to call next(), once.",
  },
  TASK_IN_THE_PAST: {
    message: "wait.until was given {date}, which is in the past",
    retryable: false,
    status: 500,
    hint: "Give a date ahead, or leave throwIfInThePast out: then it is no wait.",
  },
  TASK_NOT_FOUND: {
    message: "There is no {what} {id}",
    retryable: false,
    status: 404,
    hint: "Look for a mistake in the id, and for another store; runs that are over go with what retention removes.",
  },
  TASK_NOT_IN_TASK: {
    message: "{tool} was used {place}",
    retryable: false,
    status: 500,
    hint: "Use it in the run function of a task or in its hooks, not in the body of a step; what it calls may use it too.",
  },
  TASK_NO_LOCAL: {
    message: "The local {local} has no value in this run",
    retryable: false,
    status: 500,
    hint: "Set it before, in middleware or init: locals belong to one execution of a run.",
  },
  TASK_TOKEN_ENDED: {
    message: "The token {token} cannot be completed any more: it is {state}",
    retryable: false,
    status: 409,
    hint: "A token is completed once, within its time. Make another, or give it more time.",
  },
  TASK_TOO_DEEP: {
    message: "{task} would be the child of more than {limit} runs, one inside the other",
    retryable: false,
    status: 409,
    hint: "Look for tasks that trigger each other in a circle; a task that goes on for ever should trigger itself from outside, or wait.",
  },
  TASK_UNSUPPORTED: {
    message: "Longhaul has no {feature}: {reason}",
    retryable: false,
    status: 501,
    hint: "Take it out; docs/trigger.md lists what differs from Trigger.dev.",
  },
} as const satisfies Record<string, ErrorEntry>;
