import type { ErrorEntry } from "./entry.ts";

/** Errors of functions in Inngest's idiom. */
export const inngestErrors = {
  INNGEST_BAD_CLIENT_OPTION: {
    message: "The client {client} cannot be made: {reason}",
    retryable: false,
    status: 500,
    hint: "Give new Inngest() an id and the options of docs/inngest.md; what needs a server of Inngest's has no place here.",
  },
  INNGEST_BAD_DURATION: {
    message: "{value} is no duration for {option}: {reason}",
    retryable: false,
    status: 500,
    hint: 'Write "30s", "1h30m" or "7d", a number of ms, or a Temporal.Duration without years and months.',
  },
  INNGEST_BAD_EVENT: {
    message: "The event {event} cannot be sent: {reason}",
    retryable: false,
    status: 400,
    hint: "Send { name, data } with a name of your own and a JSON object as data; id, ts (epoch ms), v, user and meta are optional.",
  },
  INNGEST_BAD_FUNCTION: {
    message: "The function {function} cannot be made: {reason}",
    retryable: false,
    status: 500,
    hint: "Look at the option that the message names; docs/inngest.md lists them with their limits.",
  },
  INNGEST_BAD_REQUEST: {
    message: "The request cannot be answered: {reason}",
    retryable: false,
    status: 400,
    hint: "POST one event or an array of events as JSON, with Content-Type application/json.",
  },
  INNGEST_BAD_SERVE_OPTION: {
    message: "serve() cannot take {option}: {reason}",
    retryable: false,
    status: 500,
    hint: "Give serve() the client and its functions; see docs/inngest.md for the other options.",
  },
  INNGEST_BAD_STEP: {
    message: "The step {step} cannot be taken: {reason}",
    retryable: false,
    status: 500,
    hint: "Look at the arguments of the step that the message names; the run fails at once, because trying again would not help.",
  },
  INNGEST_BODY_TOO_LARGE: {
    message: "The request is larger than {limit} bytes",
    retryable: false,
    status: 413,
    hint: "Send fewer events a request, or keep large data elsewhere and send a reference to it.",
  },
  INNGEST_EVENT_INVALID: {
    message: "The data of {event} does not fit its schema: {reason}",
    retryable: false,
    status: 400,
    hint: "Send what the schema describes, or change the schema; nothing was stored.",
  },
  INNGEST_EVENT_KEY: {
    message: "Events are not accepted here: {reason}",
    retryable: false,
    status: 401,
    hint: "Set INNGEST_EVENT_KEY or the client's eventKey, and send it as Authorization: Bearer <key>; with isDev the machine itself needs no key.",
  },
  INNGEST_NOT_IN_FUNCTION: {
    message: "{tool} was used outside of a function",
    retryable: false,
    status: 500,
    hint: "Use it in the handler of a function, not in a step's body; or use the step that the handler is given.",
  },
  INNGEST_TRANSACTION: {
    message: "The events cannot be sent in this transaction: {reason}",
    retryable: false,
    status: 500,
    hint: "Pass a better-sqlite3 Database that is open on Longhaul's own file and inside a transaction; see docs/events.md.",
  },
  INNGEST_UNSUPPORTED: {
    message: "Longhaul has no {feature}: {reason}",
    retryable: false,
    status: 501,
    hint: "Do it in a step.run(), or take it out; docs/inngest.md lists what differs from Inngest.",
  },
} as const satisfies Record<string, ErrorEntry>;
