/** Queues and their jobs. */
export const queueEndpoints = {
  "jobs.status": "GET /jobs/:queue/:jobId",
  "jobs.stats": "GET /jobs/:queue/stats",
} as const;
