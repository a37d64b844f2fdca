/**
 * `longhaul/server`: the HTTP API, live updates, metrics and alerts of a runtime, as one fetch handler.
 */
export { createServer, type LonghaulServer, type ServerOptions } from "./create-server.ts";
export type { Principal, Role } from "./principal.ts";
