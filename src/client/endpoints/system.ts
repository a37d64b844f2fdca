/** What the server says about itself. */
export const systemEndpoints = {
  "system.health": "GET /healthz",
  "system.readiness": "GET /readyz",
  "system.metrics": "GET /metrics",
  "system.openapi": "GET /openapi.json",
  "system.docs": "GET /docs",
} as const;
