import type { ServeRequest, ServeResponse } from "./handler.ts";
import { tooLarge } from "./node-request.ts";

/**
 * A request of the web platform in the shape that all adapters share.
 *
 * @param peer The address at the other end, where the framework knows it.
 */
export function fromWebRequest(request: Request, peer?: string): ServeRequest {
  return {
    method: request.method,
    url: new URL(request.url, "http://localhost"),
    header: (name) => request.headers.get(name) ?? undefined,
    peer,
    body: (limit) => readBody(request, limit),
  };
}

/** An answer as the web platform has it. */
export const toWebResponse = ({ body, status, headers }: ServeResponse): Response =>
  new Response(body, { status, headers });

async function readBody(request: Request, limit: number): Promise<string> {
  if (Number(request.headers.get("content-length") ?? 0) > limit) throw tooLarge(limit);
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of (request.body ?? []) as AsyncIterable<Uint8Array>) {
    size += part.length;
    if (size > limit) throw tooLarge(limit);
    parts.push(part);
  }
  return Buffer.concat(parts).toString("utf8");
}
