/**
 * `longhaul/server`: the HTTP API, live updates, metrics and alerts of a runtime, as one fetch handler.
 */
export { createServer, type LonghaulServer, type ServerOptions } from "./create-server.ts";
export type { RequestInfo } from "./auth/auth.ts";
export type { AuthOptions, HostUser } from "./auth/options.ts";
export type { Principal, Role } from "./principal.ts";
