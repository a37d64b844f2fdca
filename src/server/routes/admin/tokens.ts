import { z } from "zod";
import { LonghaulError } from "../../../core/errors.ts";
import type { ApiToken } from "../../auth/api-tokens.ts";
import { route } from "../../route.ts";
import { isoTime, role, scopeList, toIso, toIsoOrNull, tokenName } from "./shapes.ts";

const token = z.object({
  id: z.string(),
  name: z.string(),
  role: role.nullable(),
  scopes: z.array(z.string()),
  createdAt: isoTime,
  createdBy: z.string(),
  expiresAt: isoTime.nullable(),
  /** To the minute. */
  lastUsedAt: isoTime.nullable(),
  revokedAt: isoTime.nullable(),
});

const shown = (token: ApiToken) => ({
  id: token.id,
  name: token.name,
  role: token.role ?? null,
  scopes: [...token.scopes],
  createdAt: toIso(token.createdAt),
  createdBy: token.createdBy,
  expiresAt: toIsoOrNull(token.expiresAt),
  lastUsedAt: toIsoOrNull(token.lastUsedAt),
  revokedAt: toIsoOrNull(token.revokedAt),
});

export const tokenList = route({
  id: "tokens.list",
  summary: "The API tokens, the newest first; without their secrets",
  role: "admin",
  answer: z.object({ data: z.array(token) }),
  handler: async ({ host }) => ({ data: (await host.auth.tokens.list()).map(shown) }),
});

export const tokenCreate = route({
  id: "tokens.create",
  summary: "Makes an API token; its secret is shown this once",
  role: "admin",
  body: z.strictObject({
    name: tokenName,
    role: role.optional(),
    scopes: scopeList.optional(),
    expiresInMs: z
      .int()
      .positive()
      .max(Number.MAX_SAFE_INTEGER / 4)
      .optional(),
  }),
  answer: token.extend({ secret: z.string() }),
  isSecret: true,
  status: 201,
  audit: ({ body }) => `${body.name} (${body.role ?? body.scopes?.join(", ") ?? ""})`,
  handler: async ({ body, principal, host }) => {
    const made = await host.auth.tokens.create({ ...body, createdBy: principal.name });
    return { ...shown(made.token), secret: made.secret };
  },
});

export const tokenRevoke = route({
  id: "tokens.revoke",
  summary: "Ends an API token, and the logins made with it, at once and in all processes",
  role: "admin",
  params: z.object({ tokenId: z.string() }),
  answer: token,
  handler: async ({ params, host }) => {
    const revoked = await host.auth.tokens.revoke(params.tokenId);
    if (revoked) return shown(revoked);
    throw new LonghaulError("SERVER_NOT_FOUND", { what: `token ${params.tokenId}` });
  },
});
