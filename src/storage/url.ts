import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { LonghaulError } from "../core/errors.ts";

/** Where data lives: which kind of store, and its file or server. */
export type StoreUrl =
  | { readonly kind: "sqlite"; /** An absolute path, or ":memory:". */ readonly path: string }
  | { readonly kind: "redis" | "postgres"; readonly url: string };

/** The store when neither the code nor LONGHAUL_URL names one. */
export const DEFAULT_STORE_URL = "file:.longhaul/longhaul.db";

/** The path of a database that lives and dies with its process. */
export const MEMORY_PATH = ":memory:";

const serverKinds = new Map<string, "redis" | "postgres">([
  ["redis", "redis"],
  ["rediss", "redis"],
  ["postgres", "postgres"],
  ["postgresql", "postgres"],
]);

/**
 * Reads a store URL. Relative files count from the current folder.
 *
 * @param url `file:relative.db`, `file:/absolute.db`, `file:///absolute.db`, `:memory:`, `redis:`, `rediss:`,
 *   `postgres:` or `postgresql:`. @default env LONGHAUL_URL, else {@link DEFAULT_STORE_URL}
 * @throws {LonghaulError} STORE_BAD_URL
 *
 * @example
 * parseStoreUrl("file:data/jobs.db"); // { kind: "sqlite", path: "/app/data/jobs.db" }
 */
export function parseStoreUrl(url?: string): StoreUrl {
  const text = url ?? (process.env["LONGHAUL_URL"] || DEFAULT_STORE_URL);
  if (text === MEMORY_PATH || text === `file:${MEMORY_PATH}`)
    return { kind: "sqlite", path: MEMORY_PATH };
  const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(text)?.[1]?.toLowerCase();
  if (scheme === "file") return { kind: "sqlite", path: filePath(text) };
  const kind = scheme === undefined ? undefined : serverKinds.get(scheme);
  if (kind) return { kind, url: text };
  throw badUrl(text, scheme === undefined ? "it has no scheme" : `${scheme}: is unknown`);
}

function filePath(text: string): string {
  const rest = text.slice("file:".length);
  if (rest === "") throw badUrl(text, "it names no file");
  if (/[?#]/.test(rest)) throw badUrl(text, "options go into the code, not behind ? or #");
  if (!rest.startsWith("//")) return resolve(rest);
  try {
    return fileURLToPath(text);
  } catch {
    throw badUrl(text, "a file:// URL needs an absolute path and no host");
  }
}

/** Servers' passwords stay out of messages and logs. */
function badUrl(text: string, reason: string): LonghaulError {
  return new LonghaulError("STORE_BAD_URL", { url: text.replace(/\/\/[^@/]*@/, "//***@"), reason });
}
