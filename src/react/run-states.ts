import type { LiveRun } from "../server/live/messages.ts";

const ENDED: ReadonlySet<LiveRun["state"]> = new Set<LiveRun["state"]>([
  "completed",
  "failed",
  "canceled",
  "expired",
  "timedOut",
  "skipped",
]);

/** Whether a run has ended, for whatever reason. */
export const hasEnded = (run: LiveRun | null | undefined): boolean =>
  run !== null && run !== undefined && ENDED.has(run.state);
