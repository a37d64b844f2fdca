import type { IncomingMessage, ServerResponse } from "node:http";
import { getRequestListener, type HttpBindings } from "@hono/node-server";
import { LonghaulError } from "../../core/errors.ts";
import type { LonghaulServer } from "../create-server.ts";
import { problemOf } from "../problem.ts";

/** What Node's server calls with each request. */
export type NodeListener = (incoming: IncomingMessage, outgoing: ServerResponse) => void;

/**
 * A server's fetch handler as a listener of Node's.
 *
 * @param pathOf the path below where it is mounted, if the framework around it knows
 */
export function createListener(
  server: LonghaulServer,
  pathOf: (incoming: IncomingMessage) => string | undefined = () => undefined,
): NodeListener {
  const answer = async (request: Request, env: unknown): Promise<Response> => {
    const { incoming } = env as HttpBindings;
    const { remoteAddress } = incoming.socket;
    return server.fetch(toPlainRequest(request), { remoteAddress, path: pathOf(incoming) });
  };
  // The globals are the host's; what it does with Request and Response is no concern of ours.
  const listen = getRequestListener(answer, {
    overrideGlobalObjects: false,
    errorHandler: refuse,
  });
  return (incoming, outgoing) => void listen(incoming, outgoing);
}

/** The adapter's request only looks like one: `new Request(request)` in a host's `authorize` would fail. */
function toPlainRequest(request: Request): Request {
  const { url, method, headers, signal } = request;
  const hasBody = method !== "GET" && method !== "HEAD";
  return new Request(url, {
    ...{ method, headers: [...headers], signal },
    ...(hasBody && { body: request.body, duplex: "half" }),
  });
}

/** What is no request: a host or a target that make no URL, a method that is none. */
const refuse = (error: unknown): Response =>
  problemOf(new LonghaulError("SERVER_BAD_REQUEST", { reason: (error as Error).message }));
