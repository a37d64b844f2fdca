import type { ErrorEntry } from "./entry.ts";

/** Errors of the server. */
export const serverErrors = {
  SERVER_BAD_CURSOR: {
    message: "The cursor is none of this list",
    retryable: false,
    status: 400,
    hint: "Take it from page.next of the page before, with the same filters; leave it out for the first page.",
  },
  SERVER_BAD_JSON: {
    message: "The body is no JSON: {reason}",
    retryable: false,
    status: 400,
    hint: "Send JSON, with content-type: application/json.",
  },
  SERVER_BAD_OPTION: {
    message: "The server cannot be made: {reason}",
    retryable: false,
    status: 500,
    hint: "Look at the option that the message names; docs/server.md lists them.",
  },
  SERVER_BAD_REQUEST: {
    message: "The request cannot be read: {reason}",
    retryable: false,
    status: 400,
    hint: "Look at the address and the headers that were sent.",
  },
  SERVER_BAD_SEARCH: {
    message: "The search cannot be understood: {reason}",
    retryable: false,
    status: 422,
    hint: "See the search language in docs/http-api.md.",
  },
  SERVER_BODY_TOO_LARGE: {
    message: "The body is larger than {limit} bytes",
    retryable: false,
    status: 413,
    hint: "Send less, or raise maxBodyBytes of the server.",
  },
  SERVER_CLOSING: {
    message: "The server is closing",
    retryable: true,
    status: 503,
    hint: "Send the request again: to another process, or when this one is back.",
  },
  SERVER_FORBIDDEN: {
    message: "This needs the role {needed}",
    retryable: false,
    status: 403,
    hint: "Use a token that has the role, or a scope for just this.",
  },
  SERVER_IDEMPOTENCY_BAD_KEY: {
    message: "The Idempotency-Key is none: {reason}",
    retryable: false,
    status: 400,
    hint: "Send 1 to 255 visible ASCII characters, such as a UUID, and a new one for each new request.",
  },
  SERVER_IDEMPOTENCY_BUSY: {
    message: "The first request with this Idempotency-Key is still being answered",
    retryable: true,
    status: 409,
    hint: "Send it again a little later: the answer of the first is kept.",
  },
  SERVER_IDEMPOTENCY_REUSED: {
    message: "This Idempotency-Key was used for another request",
    retryable: false,
    status: 422,
    hint: "Use a new key for each request, and the old one only to repeat exactly what was sent with it.",
  },
  SERVER_IDEMPOTENCY_SPENT: {
    message: "The request with this Idempotency-Key was done, and its answer is not kept",
    retryable: false,
    status: 409,
    hint: "The answer held a secret. Undo what was made if the secret is lost, and make another with a new key.",
  },
  SERVER_INTERNAL: {
    message: "Something went wrong inside the server",
    retryable: false,
    status: 500,
    hint: "Look at the log of the server; if it stays, report it.",
  },
  SERVER_INVALID_REQUEST: {
    message: "The request is wrong at {pointer}: {reason}",
    retryable: false,
    status: 422,
    hint: "Compare it with /api/v1/openapi.json.",
  },
  SERVER_METHOD_NOT_ALLOWED: {
    message: "{method} is none of the methods of this path: {allowed}",
    retryable: false,
    status: 405,
    hint: "Use a method that the header Allow names.",
  },
  SERVER_NOT_FOUND: {
    message: "There is no {what}",
    retryable: false,
    status: 404,
    hint: "Check the id; what is over is removed after some time.",
  },
  SERVER_NOT_PAUSABLE: {
    message: "{id} cannot be paused",
    retryable: false,
    status: 409,
    hint: "Only jobs of the queue manager can be paused; a run of a task or function can be aborted.",
  },
  SERVER_NO_ROUTE: {
    message: "There is nothing at this path",
    retryable: false,
    status: 404,
    hint: "The paths are listed in /api/v1/openapi.json.",
  },
  SERVER_STATE_CONFLICT: {
    message: "{what} is {state}, so it cannot be {action}",
    retryable: false,
    status: 409,
    hint: "Look at its state now, and at which states the action is for.",
  },
  SERVER_UNAUTHENTICATED: {
    message: "Nobody is logged in",
    retryable: false,
    status: 401,
    hint: "Send Authorization: Bearer with a token; `longhaul tokens create` makes one.",
  },
  SERVER_UNKNOWN_TASK: {
    message: "There is no task {task}",
    retryable: false,
    status: 404,
    hint: "Register it with the queue manager that createServer() is given, or start a process that executes it; names are case-sensitive.",
  },
  SERVER_UNSUPPORTED_TYPE: {
    message: "The body is {type}, not application/json",
    retryable: false,
    status: 415,
    hint: "Send JSON, with content-type: application/json.",
  },
} as const satisfies Record<string, ErrorEntry>;
