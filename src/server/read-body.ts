import { LonghaulError } from "../core/errors.ts";

/**
 * The JSON body of a request; none is `undefined`.
 *
 * @throws {LonghaulError} SERVER_BODY_TOO_LARGE, SERVER_BAD_JSON
 */
export async function readBody(request: Request, maxBytes: number): Promise<unknown> {
  if (request.body === null || request.method === "GET" || request.method === "HEAD")
    return undefined;
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body as unknown as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength;
    if (size > maxBytes) throw new LonghaulError("SERVER_BODY_TOO_LARGE", { limit: maxBytes });
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString("utf8");
  if (text === "") return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new LonghaulError("SERVER_BAD_JSON", { reason: (error as Error).message });
  }
}
