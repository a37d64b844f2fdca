import type { ErrorEntry } from "./entry.ts";

/** Errors of queues in BullMQ's idiom. */
export const bullmqErrors = {
  BULLMQ_BAD_CONNECTION: {
    message: "The connection is none that Longhaul knows: {reason}",
    retryable: false,
    status: 500,
    hint: 'Leave it out for the default store, or give file:path, :memory:, { url: "file:path", durability: "full" | "relaxed" }, redis://host, ioredis options or a client, postgres://host/database, a pg configuration or a pg Pool.',
  },
  BULLMQ_BAD_JOB_OPTION: {
    message: "The job {name} cannot be added: {reason}",
    retryable: false,
    status: 400,
    hint: "Give timeout as a whole number of ms of at least 1.",
  },
  BULLMQ_BAD_QUEUE_OPTION: {
    message: "The queue {queue} cannot be opened: {reason}",
    retryable: false,
    status: 500,
    hint: "Give maxPayloadBytes and warnPayloadBytes as whole numbers of bytes; leave them out for no limit and a warning at 256 KB.",
  },
  BULLMQ_BAD_REPEAT: {
    message: "{name} cannot be repeated: {reason}",
    retryable: false,
    status: 400,
    hint: "Give repeat a pattern (or cron) or every, and if you like tz, limit, startDate, endDate, offset, immediately or key.",
  },
  BULLMQ_BAD_WORKER_OPTION: {
    message: "The worker of {queue} cannot start: {reason}",
    retryable: false,
    status: 500,
    hint: "Give attempts as a whole number, backoff as a number of ms or { type, delay, jitter }, timeout and timeoutGrace in ms, and deadLetterQueue as a name or { name, jobOptions }.",
  },
  BULLMQ_DRIVER_MISSING: {
    message:
      "The connection needs {server}, and the package {package} is not installed: npm install {package}",
    retryable: false,
    status: 500,
    hint: "Install the package named in the message, pass a client of your own, or leave the connection out for the embedded store.",
  },
  BULLMQ_JOB_TIMED_OUT: {
    message: "Job {id} of {queue} ran for longer than its timeout of {timeoutMs} ms",
    retryable: true,
    status: 504,
    hint: "Stop when the signal that the processor gets as its third argument is aborted, and give timeout more ms if the work needs them.",
  },
  BULLMQ_PAYLOAD_TOO_LARGE: {
    message: "The payload of {name} is {bytes} bytes; {queue} takes {maximum} at most",
    retryable: false,
    status: 413,
    hint: "Store the payload elsewhere and put its address in the job, or raise maxPayloadBytes.",
  },
} as const satisfies Record<string, ErrorEntry>;
