import { jobStats, jobStatus } from "./job-status.ts";

/** Queues and their jobs. */
export const queueRoutes = [jobStats, jobStatus] as const;
