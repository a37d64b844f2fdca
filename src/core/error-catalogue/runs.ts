import type { ErrorEntry } from "./entry.ts";

/** Errors of the run engine. */
export const runsErrors = {
  RUNS_BAD_EVENT: {
    message: "An event cannot be sent: {reason}",
    retryable: false,
    status: 400,
    hint: "Send { name, data } with a name of at most 512 characters and a JSON object as data; id, ts (epoch ms), v, user and meta are optional.",
  },
  RUNS_BAD_EXPRESSION: {
    message: "The expression {expression} of {owner} cannot be used: {reason}",
    retryable: false,
    status: 400,
    hint: "Write CEL over event, and in a wait or cancelOn also async, such as event.data.total > 100.",
  },
  RUNS_BAD_FLOW_CONTROL: {
    message: "{option} of {function} cannot be used: {reason}",
    retryable: false,
    status: 400,
    hint: "Look up the limits of the option in docs/flow-control.md.",
  },
  RUNS_BAD_TRIGGER: {
    message: "A trigger of {function} cannot be used: {reason}",
    retryable: false,
    status: 400,
    hint: "Give an event name, which may end in /* or .*, or a cron expression of 5 or 6 fields, and at most ten of them.",
  },
  RUNS_CANCELED: {
    message: "The run was canceled: {reason}",
    retryable: false,
    status: 409,
    hint: "Start it again if it should run after all; the message says what canceled it.",
  },
  RUNS_EXPIRED: {
    message: "The run did not start within {ms} ms",
    retryable: false,
    status: 504,
    hint: "Start it again, give timeouts.start more time, or look for what holds runs back: concurrency, throttle, too few workers.",
  },
  RUNS_FORGOTTEN: {
    message: "The result of run {run} is no longer kept",
    retryable: false,
    status: 410,
    hint: "Keep runs longer than their idempotency keys count, or use a new key.",
  },
  RUNS_INVOKE_TIMEOUT: {
    message: "The function invoked by step {step} has not ended in time",
    retryable: false,
    status: 504,
    hint: "Give the step a longer timeout; the invoked run goes on by itself.",
  },
  RUNS_MAX_DURATION: {
    message: "The run was executed for longer than its maximum of {limit} ms",
    retryable: false,
    status: 504,
    hint: "Give it more time, or divide it into runs that take less; waits do not count.",
  },
  RUNS_NESTED_STEP: {
    message: "Step {step} was called inside the body of another step",
    retryable: false,
    status: 500,
    hint: "Call steps one after the other, or side by side with Promise.all, from the function itself; a step's body is plain code.",
  },
  RUNS_NOT_COMPLETED: {
    message: "Run {run} has no output: it ended as {state}",
    retryable: false,
    status: 409,
    hint: "Look at the run for the reason; start it again if that makes sense.",
  },
  RUNS_NOT_JSON: {
    message: "{what} cannot be stored as JSON: {reason}",
    retryable: false,
    status: 500,
    hint: "Return plain data: objects, arrays, strings, numbers, booleans and null; a BigInt as a string, and nothing that contains itself.",
  },
  RUNS_RATE_LIMITED: {
    message: "The rate limit of {function} refused the start",
    retryable: true,
    status: 429,
    hint: "Invoke it later, or change the function's rateLimit.",
  },
  RUNS_SIGNAL_TAKEN: {
    message: "Another run waits for the signal {signal}",
    retryable: false,
    status: 409,
    hint: 'Use a signal of its own for each run, or onConflict: "replace".',
  },
  RUNS_SKIPPED: {
    message: "The run was skipped: run {run} holds the key of the singleton",
    retryable: false,
    status: 409,
    hint: "Start it again when that run has ended, or use the singleton's mode cancel.",
  },
  RUNS_START_REFUSED: {
    message: "The function {function} was not started: {reason}",
    retryable: true,
    status: 429,
    hint: "Try again later, or change the function's rateLimit, debounce, batchEvents or singleton.",
  },
  RUNS_STEP_CHANGED: {
    message: "Step {step} was a step of the kind {known} and now is one of the kind {kind}",
    retryable: false,
    status: 500,
    hint: "Give a step that changes what it does a new id, or let its runs end before the new code is deployed.",
  },
  RUNS_TIMED_OUT: {
    message: "The run did not finish within {ms} ms",
    retryable: false,
    status: 504,
    hint: "Give timeouts.finish more time, or split the run.",
  },
  RUNS_TOO_LARGE: {
    message: "{what} is too large: {size} bytes of {limit}",
    retryable: false,
    status: 413,
    hint: "Keep large data where it is and pass its address: a file, an object store or a row of your own.",
  },
  RUNS_TOO_MANY_STEPS: {
    message: "Step {step} is one more than the {limit} steps that a run may take",
    retryable: false,
    status: 500,
    hint: "Put more work into each step, or split the run: invoke a function for each part.",
  },
  RUNS_UNKNOWN_FUNCTION: {
    message: "There is no function {function} here",
    retryable: false,
    status: 404,
    hint: "Give the function to this process's runtime, or correct its id.",
  },
  RUNS_UNKNOWN_TOKEN: {
    message: "There is no token {token}",
    retryable: false,
    status: 404,
    hint: "Wait for the id that createToken gave; tokens that have ended go with what retention removes.",
  },
  RUNS_WAIT_CYCLE: {
    message: "Run {run} cannot wait for run {other}, which waits for it",
    retryable: false,
    status: 409,
    hint: "Look at the idempotency and debounce keys: a start that is merged into a run further up waits for that run.",
  },
} as const satisfies Record<string, ErrorEntry>;
