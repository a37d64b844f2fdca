import { LonghaulError } from "../../core/errors.ts";
import type { AuthOptions } from "./options.ts";

const SHORTEST_TOKEN = 16;

/**
 * Finds mistakes that would leave the server open, or shut.
 *
 * @throws {LonghaulError} AUTH_BAD_OPTION
 */
export function checkAuthOptions(options: AuthOptions): void {
  const { adminToken, tokens = true, origins = [] } = options;
  if (adminToken !== undefined && !tokens) throw bad("auth.adminToken needs auth.tokens");
  for (const origin of origins) {
    if (origin === "*" || isOrigin(origin)) continue;
    throw bad(`auth.origins has ${origin}, which is no origin such as https://app.example.com`);
  }
}

/**
 * The token of an admin that always works, if there is one.
 *
 * @throws {LonghaulError} AUTH_BAD_OPTION
 */
export function adminTokenOf({ adminToken, tokens = true }: AuthOptions): string | undefined {
  const token = tokens
    ? (adminToken ?? (process.env["LONGHAUL_ADMIN_TOKEN"] || undefined))
    : undefined;
  if (token === undefined || token.length >= SHORTEST_TOKEN) return token;
  throw bad(`the admin token has less than ${SHORTEST_TOKEN} characters`);
}

const isOrigin = (origin: string): boolean =>
  !origin.includes("*") && URL.canParse(origin) && new URL(origin).origin === origin;

const bad = (reason: string): LonghaulError => new LonghaulError("AUTH_BAD_OPTION", { reason });
