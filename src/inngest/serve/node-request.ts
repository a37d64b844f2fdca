import type { IncomingMessage, ServerResponse } from "node:http";
import { LonghaulError } from "../../core/errors.ts";
import type { ServeRequest, ServeResponse } from "./handler.ts";

/** A request of Node's server, and of what is built on it. */
export interface NodeRequest extends IncomingMessage {
  /** What a body parser has made of the body. */
  body?: unknown;
  /** The path before a router has taken its part away. */
  originalUrl?: string;
}

/** Node's request in the shape that all adapters share. */
export function fromNodeRequest(request: NodeRequest): ServeRequest {
  return {
    method: request.method ?? "GET",
    url: urlOf(request.originalUrl ?? request.url ?? "/"),
    header: (name) => {
      const value = request.headers[name];
      return Array.isArray(value) ? value[0] : value;
    },
    peer: request.socket?.remoteAddress,
    body: (limit) => readBody(request, limit),
  };
}

/** Whatever was written into the request line: what is no URL is no path of ours either. */
function urlOf(target: string): URL {
  const text = target.startsWith("/") ? `http://localhost${target}` : target;
  return new URL(URL.canParse(text) ? text : "http://localhost/");
}

/** Writes an answer to Node's response. */
export function toNodeResponse(response: ServerResponse, answer: ServeResponse): void {
  response.statusCode = answer.status;
  for (const [name, value] of Object.entries(answer.headers)) response.setHeader(name, value);
  if (answer.status !== 413) {
    response.end(answer.body);
    return;
  }
  // There is more to come that nobody will read.
  response.setHeader("connection", "close");
  response.end(answer.body, () => response.req?.destroy());
}

async function readBody(request: NodeRequest, limit: number): Promise<unknown> {
  const { body } = request;
  if (Buffer.isBuffer(body)) return body.toString("utf8");
  if (isParsed(request)) return body;
  if (Number(request.headers["content-length"] ?? 0) > limit) throw tooLarge(limit);
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request as AsyncIterable<Buffer | string>) {
    const bytes = Buffer.from(part as Buffer);
    size += bytes.length;
    if (size > limit) throw tooLarge(limit);
    parts.push(bytes);
  }
  return Buffer.concat(parts).toString("utf8");
}

/** Whether a body parser was there before: one that found nothing to parse leaves the stream unread. */
export const isParsed = (request: NodeRequest): boolean =>
  request.body !== undefined && (request.readableEnded || request.readableDidRead);

export const tooLarge = (limit: number): LonghaulError =>
  new LonghaulError("INNGEST_BODY_TOO_LARGE", { limit });
