/**
 * `longhaul/server`: the HTTP API, live updates, metrics and alerts of a runtime, as one fetch handler.
 */
export { createServer, type LonghaulServer, type ServerOptions } from "./create-server.ts";
export { createPublicToken } from "./auth/create-public-token.ts";
export type { PublicTokenOptions } from "./auth/public-token.ts";
export type { RequestInfo } from "./auth/request-info.ts";
export type { AuthOptions, HostUser } from "./auth/options.ts";
export type { LiveOptions } from "./live/hub.ts";
export type { LiveEvent, LiveMessages, LiveTopic } from "./live/messages.ts";
export type { Principal, Role } from "./principal.ts";
