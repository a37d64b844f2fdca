import type { Longhaul } from "../../runtime/longhaul.ts";
import { partsOf } from "../../runtime/parts.ts";
import { makePublicToken, type PublicTokenOptions } from "./public-token.ts";
import { signingSecret } from "./signing-secret.ts";

/**
 * Makes a token that a browser may have: short-lived, and for the things that its scopes name.
 *
 * @param options.secret as `auth.secret` of the server, if that has one
 * @throws {LonghaulError} AUTH_BAD_SCOPE, AUTH_BAD_EXPIRY, AUTH_BAD_OPTION
 *
 * @example
 * const token = await createPublicToken(longhaul, { scopes: [`read:run:${runId}`] });
 */
export async function createPublicToken(
  longhaul: Longhaul,
  { secret, ...options }: PublicTokenOptions & { readonly secret?: string | undefined },
): Promise<string> {
  const { store, clock } = partsOf(longhaul);
  return makePublicToken(await signingSecret(store, secret), clock.now(), options);
}
