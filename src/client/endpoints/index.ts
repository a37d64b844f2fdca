import { adminEndpoints } from "./admin.ts";
import { liveEndpoints } from "./live.ts";
import { queueEndpoints } from "./queues.ts";
import { runEndpoints } from "./runs.ts";
import { systemEndpoints } from "./system.ts";
import { taskRunEndpoints } from "./task-runs.ts";

/**
 * Method and path of every route, by its id `<group>.<name>`, below the base of the API (`/api/v1`). The server's
 * routes and the client are both made from it; it holds no schema, so that a browser loads none.
 */
export const endpoints = {
  ...systemEndpoints,
  ...queueEndpoints,
  ...runEndpoints,
  ...adminEndpoints,
  ...liveEndpoints,
  ...taskRunEndpoints,
} as const;

/** The id of a route. */
export type EndpointId = keyof typeof endpoints;
