import type { ErrorEntry } from "./entry.ts";

/** Errors of schedules that call a URL. */
export const httpErrors = {
  HTTP_SCHEDULE_BAD_FILE: {
    message: "{file} cannot be taken as vercel.json: {reason}",
    retryable: false,
    status: 500,
    hint: "Give crons as an array of { path, schedule }, as Vercel documents it.",
  },
  HTTP_SCHEDULE_BAD_OPTION: {
    message: "The schedule {name} cannot be made: {reason}",
    retryable: false,
    status: 500,
    hint: "Look at the option that the message names; docs/http-schedules.md lists them.",
  },
  HTTP_SCHEDULE_FAILED: {
    message: "{method} {url} failed: {reason}",
    retryable: true,
    status: 502,
    hint: "Nothing, unless it goes on: the request is repeated; look at what answers it.",
  },
} as const satisfies Record<string, ErrorEntry>;
