/**
 * Mounts a server in Express, and in anything else that calls `(request, response)`.
 *
 * @module
 */
import type { ServerResponse } from "node:http";
import { isParsed, type NodeRequest } from "../../inngest/serve/node-request.ts";
import type { LonghaulServer } from "../create-server.ts";
import { createListener } from "./listener.ts";

/** A request of Express. */
export interface ExpressRequest extends NodeRequest {
  /** The body as it came, where somebody has read it. */
  rawBody?: unknown;
}

/**
 * A handler for `app.use(path, …)`. It answers everything below the path; bodies may be parsed before or not.
 *
 * @example
 * app.use("/jobs", longhaulExpress(server));
 */
export function longhaulExpress(
  server: LonghaulServer,
): (request: ExpressRequest, response: ServerResponse) => void {
  const paths = new WeakMap<object, string>();
  const listen = createListener(server, (incoming) => paths.get(incoming));
  return (request, response) => {
    const { url = "/", originalUrl = url } = request;
    paths.set(request, url.replace(/\?.*$/s, ""));
    // Express takes away what it has routed by; the address of the request is still the whole one.
    request.url = originalUrl;
    if (isParsed(request) && !Buffer.isBuffer(request.rawBody))
      request.rawBody = toBytes(request.body);
    listen(request, response);
  };
}

/** What a parser took, given back. */
function toBytes(body: unknown): Buffer {
  if (Buffer.isBuffer(body)) return body;
  return Buffer.from(typeof body === "string" ? body : JSON.stringify(body));
}
