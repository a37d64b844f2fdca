/**
 * `longhaul/client`: the HTTP API of a server, typed, for browsers and programs. It depends on nothing.
 *
 * @module
 */
export { ApiError, type ApiErrorPlace, type ApiProblem } from "./api-error.ts";
export type { ApiAnswer, ApiInput } from "./api-types.ts";
export { type ClientOptions, createClient, type LonghaulClient } from "./create-client.ts";
export { createLive, type LiveClient, type LiveOptions } from "./live/live-client.ts";
export type { TopicState } from "./live/topic-state.ts";
export type { Token } from "./live/token-source.ts";
export type { CallOptions } from "./request.ts";
