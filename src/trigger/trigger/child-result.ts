import { LonghaulError } from "../../core/errors.ts";
import { deserializeError } from "../../runs/errors.ts";
import type { ChildEnd } from "../../runs/store/start-details.ts";
import { unpackText } from "../payload.ts";
import type { TaskRunResult } from "../types/results.ts";

/** How a child ended, as its parent is told. The error is built anew: name, message and stack, but not the class. */
export function childResult(end: ChildEnd): TaskRunResult {
  const run = { id: end.runId, taskIdentifier: end.functionId };
  if (end.state === "completed") return { ok: true, ...run, output: unpackText(end.output) };
  const error = end.error
    ? deserializeError(end.error)
    : new LonghaulError("RUNS_NOT_COMPLETED", { run: end.runId, state: end.state });
  return { ok: false, ...run, error };
}
