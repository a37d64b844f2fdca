import type { ErrorEntry } from "./entry.ts";

/** Errors of who may use the server. */
export const authErrors = {
  AUTH_BAD_ANSWER: {
    message: "What authorize() returned is nobody that Longhaul knows: {reason}",
    retryable: false,
    status: 500,
    hint: "Return { name, role } with one of the roles viewer, operator and admin, or { name, scopes }, or undefined for nobody.",
  },
  AUTH_BAD_EXPIRY: {
    message: "The token cannot be valid that long: {reason}",
    retryable: false,
    status: 400,
    hint: "Give a time in milliseconds above 0; a public token lasts 24 hours at most.",
  },
  AUTH_BAD_OPTION: {
    message: "The server cannot be made: {reason}",
    retryable: false,
    status: 500,
    hint: "Look at the option that the message names; docs/auth.md lists them.",
  },
  AUTH_BAD_SCOPE: {
    message: "{scope} is no scope: {reason}",
    retryable: false,
    status: 400,
    hint: "Scopes name one thing each, such as read:run:<id> or trigger:task:<id>; docs/auth.md lists them.",
  },
  AUTH_FOREIGN_ORIGIN: {
    message: "The request comes from a page of another site",
    retryable: false,
    status: 403,
    hint: "If that site is yours, name it in auth.origins of the server; else send the request with a token instead of a cookie.",
  },
  AUTH_TOKEN_USED: {
    message: "The token was for one use, and that was made",
    retryable: false,
    status: 401,
    hint: "Make another one for each use.",
  },
  AUTH_TOO_MANY_FAILURES: {
    message: "Too many failed attempts came from this address",
    retryable: true,
    status: 429,
    hint: "Wait for a minute, then try with the right token.",
  },
} as const satisfies Record<string, ErrorEntry>;
