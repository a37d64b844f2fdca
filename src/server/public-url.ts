import { LonghaulError } from "../core/errors.ts";

/**
 * Where a server is reached from outside: what was given, else LONGHAUL_PUBLIC_URL.
 * @throws {LonghaulError} SERVER_BAD_OPTION if it is no http(s) URL
 */
export function publicUrlOf(given: string | undefined): string | undefined {
  const url = given ?? (process.env["LONGHAUL_PUBLIC_URL"] || undefined);
  if (url === undefined) return undefined;
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  const isRight =
    parsed && /^https?:$/.test(parsed.protocol) && parsed.search === "" && parsed.hash === "";
  if (isRight) return url.replace(/\/+$/, "");
  const reason = `publicUrl is a URL such as "https://example.com/jobs", not "${url}"`;
  throw new LonghaulError("SERVER_BAD_OPTION", { reason });
}
