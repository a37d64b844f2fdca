/**
 * Serves Inngest functions with Hono.
 *
 * @module
 */
import { createServeHandler } from "./serve/handler.ts";
import type { ServeOptions } from "./serve/options.ts";
import { fromWebRequest, toWebResponse } from "./serve/web-request.ts";

export type { ServeOptions } from "./serve/options.ts";
export const frameworkName = "hono";

/** What is used of Hono's context. On Node, `env.incoming` is Node's request. */
export interface HonoContext {
  readonly req: { readonly raw: Request };
  // oxlint-disable-next-line typescript/no-explicit-any -- as Hono has it: each platform puts something else there
  readonly env?: any;
}

/**
 * Registers functions with this process's runtime, and gives a handler.
 *
 * @example
 * app.on(["GET", "PUT", "POST"], "/api/inngest", serve({ client: inngest, functions }));
 */
export function serve(options: ServeOptions): (context: HonoContext) => Promise<Response> {
  const handle = createServeHandler(frameworkName, options);
  return async ({ req, env }) => {
    const { incoming } = (env ?? {}) as { incoming?: { socket?: { remoteAddress?: string } } };
    const answer = await handle(fromWebRequest(req.raw, incoming?.socket?.remoteAddress));
    return toWebResponse(answer);
  };
}
