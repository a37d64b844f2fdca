import { createHash } from "node:crypto";

/** What every answer says, unless it says so itself: nobody guesses at its type, frames it, keeps it, or runs it. */
const HEADERS: Readonly<Record<string, string>> = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
};

/** An answer as it leaves the server: with the headers that protect whoever gets it, and the id of its request. */
export function finishAnswer(answer: Response, requestId: string): Response {
  const headers = new Headers(answer.headers);
  for (const [name, value] of Object.entries(HEADERS))
    if (!headers.has(name)) headers.set(name, value);
  headers.set("x-request-id", requestId);
  return new Response(answer.body, {
    status: answer.status,
    statusText: answer.statusText,
    headers,
  });
}

/** JSON with an ETag; without the JSON, where the client has it. */
export function taggedJson(text: string, ifNoneMatch: string | null): Response {
  const etag = `"${createHash("sha256").update(text).digest("base64url").slice(0, 22)}"`;
  if (ifNoneMatch !== null && namesTag(ifNoneMatch, etag))
    return new Response(null, { status: 304, headers: { etag } });
  return new Response(text, { headers: { "content-type": "application/json", etag } });
}

const namesTag = (header: string, etag: string): boolean =>
  header.split(",").some((part) => {
    const tag = part.trim().replace(/^W\//, "");
    return tag === "*" || tag === etag;
  });
