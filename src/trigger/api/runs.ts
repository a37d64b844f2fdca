import { bulk } from "./bulk.ts";
import { cancelRun, rescheduleRun, retrieveRun } from "./change-runs.ts";
import {
  pollRun,
  subscribeToBatch,
  subscribeToRun,
  subscribeToRunsWithTag,
} from "./follow-runs.ts";
import { listRuns } from "./list-runs.ts";
import { replayRun } from "./replay-run.ts";

/** Runs that exist: to look at, to follow, to change. */
export const runs = {
  retrieve: retrieveRun,
  list: listRuns,
  cancel: cancelRun,
  replay: replayRun,
  reschedule: rescheduleRun,
  poll: pollRun,
  subscribeToRun,
  subscribeToRunsWithTag,
  subscribeToBatch,
  bulk,
};
