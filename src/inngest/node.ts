/**
 * Serves Inngest functions with Node's own HTTP server.
 *
 * @module
 */
import {
  createServer as createHttpServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import { createServeHandler } from "./serve/handler.ts";
import { fromNodeRequest, toNodeResponse } from "./serve/node-request.ts";
import type { ServeOptions } from "./serve/options.ts";

export type { ServeOptions } from "./serve/options.ts";
export const frameworkName = "nodejs";

/**
 * Registers functions with this process's runtime, and gives a listener for requests.
 *
 * @example
 * createServer(serve({ client: inngest, functions })).listen(3000);
 */
export function serve(
  options: ServeOptions,
): (request: IncomingMessage, response: ServerResponse) => void {
  const handle = createServeHandler(frameworkName, options);
  return (request, response) => {
    void handle(fromNodeRequest(request)).then((answer) => toNodeResponse(response, answer));
  };
}

/** A server that does nothing else. */
export const createServer = (options: ServeOptions): Server => createHttpServer(serve(options));
