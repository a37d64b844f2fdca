import { LonghaulError } from "../core/errors.ts";

/** Arrays and objects inside each other. Deeper is no data but an attempt on the stack of whoever walks through it. */
const MAX_DEPTH = 200;
const JSON_TYPE = /^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i;

/**
 * The JSON body of a request; none is `undefined`.
 *
 * @throws {LonghaulError} SERVER_BODY_TOO_LARGE, SERVER_UNSUPPORTED_TYPE, SERVER_BAD_JSON
 */
export async function readBody(request: Request, maxBytes: number): Promise<unknown> {
  if (request.body === null || request.method === "GET" || request.method === "HEAD")
    return undefined;
  const text = await readText(request.body, maxBytes);
  if (text === "") return undefined;
  // Any other type is one that a web page of a stranger may send without asking.
  const type = request.headers.get("content-type") ?? "without a type";
  if (!JSON_TYPE.test(type)) throw new LonghaulError("SERVER_UNSUPPORTED_TYPE", { type });
  if (isDeeperThan(MAX_DEPTH, text))
    throw new LonghaulError("SERVER_BAD_JSON", { reason: `more than ${MAX_DEPTH} levels deep` });
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new LonghaulError("SERVER_BAD_JSON", { reason: (error as Error).message });
  }
}

async function readText(body: ReadableStream<Uint8Array>, maxBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength;
    if (size > maxBytes) throw new LonghaulError("SERVER_BODY_TOO_LARGE", { limit: maxBytes });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** Counts brackets outside of strings; of text that is no JSON it may be wrong either way. */
function isDeeperThan(limit: number, text: string): boolean {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (inString) {
      if (char === "\\") at++;
      else if (char === '"') inString = false;
    } else if (char === '"') inString = true;
    else if (char === "[" || char === "{") {
      if (++depth > limit) return true;
    } else if (char === "]" || char === "}") depth--;
  }
  return false;
}
