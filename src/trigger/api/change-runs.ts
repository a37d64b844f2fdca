import { LonghaulError } from "../../core/errors.ts";
import type { RunHost } from "../../runs/hosting.ts";
import type { RunRecord } from "../../runs/store/run-store.ts";
import { dueTime } from "../durations.ts";
import { currentHost } from "../host/binding.ts";
import { badCall, checkProperties, notFound, readId } from "./refusals.ts";
import { retrievedRun } from "./run-info.ts";
import type { RetrievedRun, RunRef } from "./run-types.ts";
import { statusOf } from "./statuses.ts";

/**
 * A run as it is.
 * @throws {LonghaulError} TASK_NOT_FOUND
 */
export async function retrieveRun<TRun>(run: RunRef<TRun>): Promise<RetrievedRun<TRun>> {
  const host = currentHost();
  return retrievedRun(host, await findRun(host, readId("runs.retrieve", run)));
}

/**
 * Cancels a run, its unfinished children, and theirs. One that is over stays as it is.
 * @throws {LonghaulError} TASK_NOT_FOUND
 */
export async function cancelRun(run: RunRef<unknown>): Promise<{ readonly id: string }> {
  const id = readId("runs.cancel", run);
  const host = currentHost();
  if (!(await host.cancel(id))) await findRun(host, id);
  return { id };
}

/**
 * Gives a run that is delayed another time: `"1h"` from now, or a date.
 * @throws {LonghaulError} TASK_NOT_FOUND, TASK_CONFLICT if it is not delayed, TASK_BAD_DURATION
 */
export async function rescheduleRun<TRun>(
  run: RunRef<TRun>,
  options: { readonly delay: string | Date },
): Promise<RetrievedRun<TRun>> {
  const call = "runs.reschedule";
  const id = readId(call, run);
  checkProperties(call, options, ["delay"]);
  if (options.delay === undefined) badCall(call, "there is no delay");
  const host = currentHost();
  const now = host.now();
  const notBefore = dueTime(options.delay, now, "delay");
  const isMoved = await host.stores.starts.reschedule({ now, runId: id, notBefore });
  const found = await findRun(host, id);
  if (!isMoved)
    throw new LonghaulError("TASK_CONFLICT", {
      call,
      reason: `the run ${id} is ${statusOf(found)}`,
    });
  return retrievedRun(host, found);
}

/** @throws {LonghaulError} TASK_NOT_FOUND */
export async function findRun(host: RunHost, id: string): Promise<RunRecord> {
  return (await host.getRun(id)) ?? notFound("run", id);
}
