import type { RequestInfo } from "./request-info.ts";

const METHODS = "GET, POST, PUT, PATCH, DELETE";
const HEADERS = "Authorization, Content-Type, Idempotency-Key, Last-Event-ID, Prefer, X-Request-Id";
const EXPOSED = "Idempotency-Replayed, Location, RateLimit, Retry-After, X-Request-Id";
const PREFLIGHT_SECONDS = "600";

type Fetch = (request: Request, info: RequestInfo) => Promise<Response>;

/** Lets pages of other sites read the answers, where the site is one of `origins`. */
export function withCors(fetch: Fetch, origins: readonly string[]): Fetch {
  if (origins.length === 0) return fetch;
  return async (request, info) => {
    const added = corsHeaders(request, origins);
    const isPreflight =
      request.method === "OPTIONS" && request.headers.has("access-control-request-method");
    if (isPreflight) return preflight(added);
    const answer = await fetch(request, info);
    const headers = new Headers(answer.headers);
    for (const [name, value] of added) headers.append(name, value);
    const { status, statusText } = answer;
    return new Response(answer.body, { status, statusText, headers });
  };
}

/** A browser asks before it sends. */
function preflight(added: readonly [string, string][]): Response {
  const headers = new Headers([...added]);
  if (headers.has("access-control-allow-origin")) {
    headers.set("access-control-allow-methods", METHODS);
    headers.set("access-control-allow-headers", HEADERS);
    headers.set("access-control-max-age", PREFLIGHT_SECONDS);
  }
  return new Response(null, { status: 204, headers });
}

function corsHeaders(request: Request, origins: readonly string[]): [string, string][] {
  const vary: [string, string] = ["vary", "Origin"];
  const exposed: [string, string] = ["access-control-expose-headers", EXPOSED];
  const origin = request.headers.get("origin");
  if (origin !== null && origin !== "*" && origins.includes(origin)) {
    const allowed: [string, string] = ["access-control-allow-origin", origin];
    return [allowed, ["access-control-allow-credentials", "true"], exposed, vary];
  }
  // Any site may, but then cookies count for nothing.
  return origins.includes("*") ? [["access-control-allow-origin", "*"], exposed, vary] : [vary];
}
