import type { ErrorEntry } from "./entry.ts";

/** Errors of jobs in Trigger.dev's older idiom. */
export const triggerErrors = {
  TRIGGER_V2_BAD_CALL: {
    message: "{call} cannot be used: {reason}",
    retryable: false,
    status: 500,
    hint: "Look at the arguments of the call that the message names; docs/trigger-v2.md lists what they may be.",
  },
  TRIGGER_V2_BAD_EVENT: {
    message: "The event {event} cannot be sent: {reason}",
    retryable: false,
    status: 400,
    hint: "Send { name, payload } with JSON as the payload; id, context, timestamp (a Date) and source are optional, and of deliverAt and deliverAfter one.",
  },
  TRIGGER_V2_BAD_JOB: {
    message: "The job {job} cannot be made: {reason}",
    retryable: false,
    status: 500,
    hint: "Give defineJob an id, a name, a version such as 1.0.0, a trigger and run; docs/trigger-v2.md lists the other options.",
  },
  TRIGGER_V2_BAD_TRIGGER: {
    message: "{trigger} cannot be used: {reason}",
    retryable: false,
    status: 500,
    hint: "Look up the trigger and its limits in docs/trigger-v2.md.",
  },
  TRIGGER_V2_FETCH_FAILED: {
    message: "The request of {task} to {url} failed: {reason}",
    retryable: false,
    status: 502,
    hint: "Look at the answer in the message; give backgroundFetch a retry for the statuses that pass.",
  },
  TRIGGER_V2_INVALID_PAYLOAD: {
    message: "The payload of {name} does not fit its schema: {reason}",
    retryable: false,
    status: 400,
    hint: "Send what the schema describes, or change the schema.",
  },
  TRIGGER_V2_JOB_DISABLED: {
    message: "The job {job} is disabled",
    retryable: false,
    status: 409,
    hint: "Take enabled: false out of the job, or do not invoke it.",
  },
  TRIGGER_V2_NOT_IN_RUN: {
    message: "{call} was called outside of a run",
    retryable: false,
    status: 500,
    hint: "Call it in the run function of a job; outside of one, use what the client has.",
  },
  TRIGGER_V2_TIMEOUT: {
    message: "{task} has not ended within {seconds} seconds",
    retryable: false,
    status: 504,
    hint: "Give it a longer timeout, or catch the error with io.try().",
  },
  TRIGGER_V2_UNSUPPORTED: {
    message: "Longhaul has no {feature}: {reason}",
    retryable: false,
    status: 501,
    hint: "Take it out, or do it another way; docs/trigger-v2.md lists what differs from Trigger.dev.",
  },
} as const satisfies Record<string, ErrorEntry>;
