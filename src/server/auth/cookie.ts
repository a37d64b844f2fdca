const NAME = "longhaul_session";

/** What the session's cookie says, if there is one. */
export function sessionCookie(request: Request): string | undefined {
  for (const part of (request.headers.get("cookie") ?? "").split(";")) {
    const [name, value] = part.trim().split("=", 2);
    if (name === NAME && value) return value;
  }
  return undefined;
}

/**
 * The `Set-Cookie` of a session: scripts do not see it, and pages of other sites do not send it.
 *
 * @param value empty to remove it
 * @param path where the server is mounted
 */
export function setSessionCookie(
  request: Request,
  options: { value: string; path: string; maxAgeMs: number },
): string {
  // Behind a proxy that ends TLS, the request itself is http. A wrong header only costs the one who sent it the cookie.
  const isSecure =
    request.url.startsWith("https:") || request.headers.get("x-forwarded-proto") === "https";
  const parts = [
    `${NAME}=${options.value}`,
    `Path=${options.path === "" ? "/" : options.path}`,
    `Max-Age=${Math.floor(options.maxAgeMs / 1000)}`,
    "HttpOnly",
    "SameSite=Strict",
    ...(isSecure ? ["Secure"] : []),
  ];
  return parts.join("; ");
}
