import { z } from "zod";
import { route } from "../../route.ts";
import { scopeList } from "./shapes.ts";

export const publicTokenCreate = route({
  id: "publicTokens.create",
  summary: "Makes a public token for a browser: short-lived, for single things",
  role: "operator",
  body: z.strictObject({
    scopes: scopeList.min(1),
    /** 24 hours at most; 15 minutes if left out. */
    expiresInMs: z.int().positive().optional(),
    singleUse: z.boolean().optional(),
  }),
  answer: z.object({ token: z.string() }),
  isSecret: true,
  status: 201,
  audit: ({ body }) => body.scopes.join(", "),
  handler: async ({ body, host }) => ({ token: await host.publicTokens.create(body) }),
});
