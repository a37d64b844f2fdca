/** Who may ask, and what was done. */
export const adminEndpoints = {
  "me.get": "GET /me",
  "session.create": "POST /session",
  "session.delete": "DELETE /session",
  "tokens.list": "GET /tokens",
  "tokens.create": "POST /tokens",
  "tokens.revoke": "POST /tokens/:tokenId/revoke",
  "publicTokens.create": "POST /public-tokens",
  "audit.list": "GET /audit",
} as const;
