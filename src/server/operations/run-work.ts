import { isLonghaulError } from "../../core/errors.ts";
import { type BrowsedRun } from "../../runs/browse/run.ts";
import type { RuntimeParts } from "../../runtime/parts.ts";
import { replay } from "../../trigger/api/replay-run.ts";
import { extraOf } from "../../trigger/run/read-run.ts";
import type { Operation, RunAction, Step } from "./operation.ts";

/** How long a repeated start of the same operation is known, so that a crash in the middle repeats no run twice. */
const ONCE_MS = 86_400_000;

/** Does something with some runs. Each is a commit of its own; doing it again after a crash changes nothing. */
export async function workOnRuns(
  parts: RuntimeParts,
  operation: Operation,
  action: RunAction,
  runs: readonly BrowsedRun[],
): Promise<Pick<Step, "done" | "skipped" | "failed">> {
  let done = 0;
  let skipped = 0;
  const failed: { id: string; message: string }[] = [];
  for (const run of runs) {
    if (run.finishedAt !== undefined && run.finishedAt > operation.snapshot.at) {
      skipped++;
      continue;
    }
    try {
      const isDone =
        action === "cancel"
          ? await parts.engine.cancel(run.id, `operation ${operation.id}`)
          : await replayOnce(parts, run, `operation ${operation.id} ${run.id}`);
      if (isDone) done++;
      else skipped++;
    } catch (error) {
      if (!isLonghaulError(error) || error.code.startsWith("STORE_")) throw error;
      failed.push({ id: run.id, message: error.message });
    }
  }
  return { done, skipped, failed };
}

async function replayOnce(
  { engine, clock }: RuntimeParts,
  run: BrowsedRun,
  once: string,
): Promise<boolean> {
  const { details = {}, events, functionId, id } = run;
  if (extraOf(details)?.by !== undefined) {
    await replay(engine, id, {}, once);
    return true;
  }
  const { scheduleId, isTest, tags } = details;
  const idempotency = { key: once, until: clock.now() + ONCE_MS };
  const [result] = await engine.startRuns([
    {
      functionId,
      events: events.map(({ name, data, v, user, meta }) => ({ name, data, v, user, meta })),
      details: { replayOf: id, scheduleId, isTest, tags, idempotency },
    },
  ]);
  return result?.refused === undefined;
}
