/** Functions and tasks, their runs, events and schedules. */
export const runEndpoints = {
  "runs.get": "GET /runs/:runId",
} as const;
