/**
 * Serves Inngest functions with Express, and with anything else that calls `(request, response)`.
 *
 * @module
 */
import type { ServerResponse } from "node:http";
import { createServeHandler } from "./serve/handler.ts";
import { fromNodeRequest, type NodeRequest, toNodeResponse } from "./serve/node-request.ts";
import type { ServeOptions } from "./serve/options.ts";

export type { ServeOptions } from "./serve/options.ts";
export const frameworkName = "express";

/**
 * Registers functions with this process's runtime, and gives a handler. Bodies may be parsed before or not.
 *
 * @example
 * app.use("/api/inngest", serve({ client: inngest, functions }));
 */
export function serve(
  options: ServeOptions,
): (request: NodeRequest, response: ServerResponse) => Promise<void> {
  const handle = createServeHandler(frameworkName, options);
  return async (request, response) => {
    toNodeResponse(response, await handle(fromNodeRequest(request)));
  };
}
