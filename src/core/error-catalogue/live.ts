import type { ErrorEntry } from "./entry.ts";

/** Errors of live updates. */
export const liveErrors = {
  LIVE_BAD_TOPIC: {
    message: "There is no topic like {topic}",
    retryable: false,
    status: 400,
    hint: "Topics are job:<queue>:<id>, queue:<name>, counts:<name>, run:<id>, stream:<run>:<key>, function:<id>, task:<id>, tag:<tag>, batch:<id> and stats.",
  },
  LIVE_TOO_MANY_CLIENTS: {
    message: "The server has {limit} live connections already",
    retryable: true,
    status: 503,
    hint: "Connect again later, run more servers, or raise live.maxConnections.",
  },
  LIVE_TOO_MANY_CONNECTIONS: {
    message: "{principal} has {limit} live connections already",
    retryable: true,
    status: 429,
    hint: "Put all topics of a browser into one connection, or raise live.maxConnectionsPerPrincipal.",
  },
  LIVE_TOO_MANY_TOPICS: {
    message: "One connection may have {limit} topics, not {count}",
    retryable: false,
    status: 400,
    hint: "Follow a function, a tag or a queue rather than each of its runs or jobs.",
  },
} as const satisfies Record<string, ErrorEntry>;
