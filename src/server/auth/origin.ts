const LOOPBACK_NAMES = /^(localhost|([a-z0-9-]+\.)+localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/i;
const LOOPBACK_PEER = /^(::ffff:)?127(\.\d{1,3}){3}$|^::1$/i;
/** What proxies add. A peer that speaks for others is not the one who asks. */
const FORWARDED = ["forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip"];
const SAFE = new Set(["GET", "HEAD", "OPTIONS"]);

/** The host that was asked, with its port. */
export const hostOf = (request: Request): string =>
  request.headers.get("host") ?? new URL(request.url).host;

/** Whether a request cannot change anything. */
export const isSafe = (request: Request): boolean => SAFE.has(request.method);

/**
 * Whether a page of another site sent the request. Browsers say where a request comes from, and pages cannot make them
 * say otherwise; programs say nothing, and nobody can abuse their cookies.
 *
 * @param origins other sites that may; `*` is none of them
 */
export function isForeign(request: Request, origins: readonly string[]): boolean {
  const origin = request.headers.get("origin");
  const site = request.headers.get("sec-fetch-site");
  if (origin !== null && origin !== "null" && origins.includes(origin)) return false;
  if (site !== null) return site !== "same-origin" && site !== "none";
  if (origin === null) return false;
  return !URL.canParse(origin) || new URL(origin).host !== hostOf(request);
}

/**
 * Whether somebody at this very machine asks: the peer is known and loopback, speaks for itself, and asked for a
 * loopback name, which a page that a name was rebound for did not.
 */
export function isLocal(request: Request, remoteAddress: string | undefined): boolean {
  return (
    remoteAddress !== undefined &&
    LOOPBACK_PEER.test(remoteAddress) &&
    LOOPBACK_NAMES.test(hostOf(request)) &&
    !FORWARDED.some((name) => request.headers.has(name))
  );
}
