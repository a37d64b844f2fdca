import { randomUUID } from "node:crypto";
import { LonghaulError } from "../../core/errors.ts";
import type { Principal } from "../principal.ts";
import { requireScopes } from "./scopes.ts";
import { hashOf, isSame, sign } from "./secrets.ts";

/** What a public token is to allow. */
export interface PublicTokenOptions {
  /** Single things, such as `read:run:run_01…` or `trigger:task:resize`. At least one. */
  readonly scopes: readonly string[];
  /** 24 hours at most. @default 15 minutes */
  readonly expiresInMs?: number | undefined;
  /** Whether it starts or writes once only; what its scopes let it read, it may read until it expires. @default false */
  readonly singleUse?: boolean | undefined;
}

/** What the token says, in the open: the signature is what makes it true. */
interface Payload {
  readonly scopes: readonly string[];
  /** Epoch milliseconds. */
  readonly expiresAt: number;
  /** Of those for one use. */
  readonly id?: string;
}

export const PUBLIC_TOKEN_PREFIX = "lh_pt_";
const DEFAULT_MS = 15 * 60_000;
const LONGEST_MS = 24 * 60 * 60_000;
/** No token of ours is longer, so that nobody makes us hash megabytes. */
const LONGEST_TOKEN = 60_000;

/**
 * Makes a token for browsers.
 *
 * @throws {LonghaulError} AUTH_BAD_SCOPE, AUTH_BAD_EXPIRY
 */
export function makePublicToken(secret: string, now: number, options: PublicTokenOptions): string {
  const { scopes, expiresInMs = DEFAULT_MS, singleUse = false } = options;
  if (scopes.length === 0)
    throw new LonghaulError("AUTH_BAD_SCOPE", { scope: "nothing", reason: "give one at least" });
  requireScopes(scopes);
  if (!Number.isInteger(expiresInMs) || expiresInMs <= 0 || expiresInMs > LONGEST_MS) {
    const reason = `a public token lasts between 1 ms and 24 h, not ${expiresInMs} ms`;
    throw new LonghaulError("AUTH_BAD_EXPIRY", { reason });
  }
  const expiresAt = Math.floor(now) + expiresInMs;
  const payload: Payload = { scopes, expiresAt, ...(singleUse && { id: randomUUID() }) };
  const body = Buffer.from(JSON.stringify(payload)).toString("base64url");
  return `${PUBLIC_TOKEN_PREFIX}${body}.${sign(secret, body).toString("base64url")}`;
}

/** Whom a public token stands for; nobody if it is not ours, was changed, or is over. */
export function readPublicToken(secret: string, now: number, token: string): Principal | undefined {
  if (token.length > LONGEST_TOKEN) return undefined;
  const [body = "", signature = "", ...rest] = token.slice(PUBLIC_TOKEN_PREFIX.length).split(".");
  if (rest.length > 0) return undefined;
  const given = Buffer.from(signature, "base64url");
  // One token has one spelling: base64 would take others.
  if (given.toString("base64url") !== signature || !isSame(given, sign(secret, body)))
    return undefined;
  // Signed, so we wrote it.
  const { scopes, expiresAt, id } = JSON.parse(
    Buffer.from(body, "base64url").toString("utf8"),
  ) as Payload;
  if (now >= expiresAt) return undefined;
  return {
    kind: "public",
    name: "public token",
    // Who has another token is somebody else, whatever both may do.
    id: `pt_${hashOf(token).toString("hex").slice(0, 16)}`,
    scopes,
    expiresAt,
    ...(id !== undefined && { singleUse: id }),
  };
}
