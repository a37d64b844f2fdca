import { createHmac, timingSafeEqual } from "node:crypto";

/**
 * The addresses at which tokens are completed without a login: who has one may complete that token, and no other.
 */

/** What the address of a token ends with. */
export const tokenHash = (secret: string, tokenId: string): string =>
  createHmac("sha256", secret).update(tokenId).digest("base64url");

/** Whether an address was made with the secret; in a time that does not tell where it differs. */
export function isTokenHash(secret: string, tokenId: string, hash: string): boolean {
  const right = Buffer.from(tokenHash(secret, tokenId));
  const given = Buffer.from(hash);
  return right.length === given.length && timingSafeEqual(right, given);
}

/**
 * The address at which a token is completed by a POST of what it is completed with, as JSON.
 * @param publicUrl where the server is reached, its base path included
 */
export function tokenUrl(publicUrl: string, secret: string, tokenId: string): string {
  const path = `/api/v1/tokens/${encodeURIComponent(tokenId)}/callback/${tokenHash(secret, tokenId)}`;
  return `${publicUrl.replace(/\/+$/, "")}${path}`;
}
