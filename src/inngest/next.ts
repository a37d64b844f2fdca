/**
 * Serves Inngest functions with Next.js: route handlers of the app router, and API routes of the pages router.
 *
 * Next loads a route when it is first asked for. To have functions run from the start, make the runtime in
 * `instrumentation.ts`: `createLonghaul({ functions }).start()`.
 *
 * @module
 */
import type { ServerResponse } from "node:http";
import { createServeHandler } from "./serve/handler.ts";
import { fromNodeRequest, type NodeRequest, toNodeResponse } from "./serve/node-request.ts";
import type { ServeOptions } from "./serve/options.ts";
import { fromWebRequest, toWebResponse } from "./serve/web-request.ts";

export type { ServeOptions } from "./serve/options.ts";
export const frameworkName = "nextjs";

/** A route handler. The app router calls it with a context, the pages router with a response. */
export type RequestHandler = (request: Request, context?: unknown) => Promise<Response>;

/**
 * Registers functions with this process's runtime, and gives handlers. The app router does not say who is asking, so
 * events by POST need the event key also in dev.
 *
 * @example
 * export const { GET, POST, PUT } = serve({ client: inngest, functions });
 * @example
 * export default serve({ client: inngest, functions });
 */
export function serve(
  options: ServeOptions,
): RequestHandler & { GET: RequestHandler; POST: RequestHandler; PUT: RequestHandler } {
  const handle = createServeHandler(frameworkName, options);
  const handler = async (request: Request, second?: unknown): Promise<Response> => {
    if (!isNodeResponse(second)) return toWebResponse(await handle(fromWebRequest(request)));
    toNodeResponse(second, await handle(fromNodeRequest(request as unknown as NodeRequest)));
    // The pages router looks at the response it has given, not at what comes back.
    return undefined as unknown as Response;
  };
  return Object.assign(handler, { GET: handler, POST: handler, PUT: handler });
}

const isNodeResponse = (value: unknown): value is ServerResponse =>
  typeof (value as Partial<ServerResponse> | undefined)?.end === "function";
