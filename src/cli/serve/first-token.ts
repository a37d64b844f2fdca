import type { Longhaul } from "../../runtime/longhaul.ts";
import { partsOf } from "../../runtime/parts.ts";
import { ApiTokens } from "../../server/auth/api-tokens.ts";
import type { Output } from "../output.ts";

/** Whoever starts a server for the first time gets a way in: an admin's token, if there is none yet. */
export async function offerFirstToken(longhaul: Longhaul, out: Output): Promise<void> {
  if (process.env["LONGHAUL_ADMIN_TOKEN"]) return;
  const { store, clock } = partsOf(longhaul);
  const tokens = new ApiTokens(store, clock);
  const now = clock.now();
  const hasAdmin = (await tokens.list()).some(
    ({ role, revokedAt, expiresAt = Infinity }) =>
      role === "admin" && revokedAt === undefined && expiresAt > now,
  );
  if (hasAdmin) return;
  const createdBy = "first start";
  const { secret } = await tokens.create({ name: "first admin", role: "admin", createdBy });
  out.note(`No token of an admin was there. This one is, and is shown this once:\n\n  ${secret}\n`);
}
