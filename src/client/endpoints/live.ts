/** Live updates. */
export const liveEndpoints = {
  "live.open": "GET /stream",
  "live.post": "POST /stream",
} as const;
