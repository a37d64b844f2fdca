/** What the server says about itself. */
export const systemEndpoints = {
  "system.health": "GET /healthz",
  "system.readiness": "GET /readyz",
} as const;
