/**
 * `longhaul/http-schedules`: cron that calls URLs, and the crons of a vercel.json.
 * @module
 */
export type { HttpAnswer } from "./call-url.ts";
export { httpSchedules } from "./http-schedules.ts";
export type { HttpSchedule } from "./schedule.ts";
export { type VercelCron, vercelCrons, type VercelCronsOptions } from "./vercel.ts";
