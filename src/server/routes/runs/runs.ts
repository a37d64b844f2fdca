import { z } from "zod";
import { whyWaiting } from "../../../runs/browse/why.ts";
import { decodeCursor, pageOf, pageQuery, toPage } from "../../pages.ts";
import { route } from "../../route.ts";
import { flagQuery, id, listQuery, runState, timeQuery } from "./fields.ts";
import { findRun, runScopes } from "./find-run.ts";
import { showReason } from "./show-reason.ts";
import { runDetail, runSummary, showFullRun, showRun } from "./show-run.ts";
import { waitForRun, waitMsOf } from "./wait-for-run.ts";

const query = z.strictObject({
  ...pageQuery,
  state: listQuery.pipe(z.array(runState)).optional(),
  functionId: listQuery.optional(),
  tag: listQuery.optional(),
  batchId: id.optional(),
  scheduleId: id.optional(),
  parentRunId: id.optional(),
  rootRunId: id.optional(),
  queue: id.optional(),
  isTest: flagQuery.optional(),
  from: timeQuery.optional(),
  to: timeQuery.optional(),
});

export const runs = route({
  id: "runs.list",
  summary: "Runs, newest first",
  description:
    "All that is said has to fit; of a list with commas, one of its items. `from` and `to` are about when runs were made.",
  role: "viewer",
  // Of several tags, runs would be shown that have one of the others only.
  scopes: ({ query: { tag, functionId, batchId } }) => [
    ...(tag?.length === 1 ? [`read:tag:${tag[0]!}`] : []),
    ...(functionId?.length === 1 ? [`read:function:${functionId[0]!}`] : []),
    ...(batchId === undefined ? [] : [`read:batch:${batchId}`]),
  ],
  query,
  answer: pageOf(runSummary),
  handler: async ({ query: asked, host }) => {
    const { limit, cursor, state, functionId, tag, ...filter } = asked;
    const [after] = (decodeCursor(cursor, ["string"]) ?? []) as [string?];
    const found = await host.parts.runs.stores.runs.list({
      ...filter,
      states: state,
      functionIds: functionId,
      tags: tag,
      after,
      limit: limit + 1,
    });
    return toPage(found, limit, (run) => [run.id], showRun);
  },
});

export const run = route({
  id: "runs.get",
  summary: "A run with what it was given and what it came to",
  description:
    "With `?wait=30s`, or the header `Prefer: wait=30`, the answer comes when the run is over, at the latest after that time.",
  role: "viewer",
  scopes: runScopes,
  params: z.object({ runId: id }),
  query: z.strictObject({ wait: z.string().optional() }),
  answer: runDetail,
  handler: async (input) => {
    const { params, host, request } = input;
    const waitMs = waitMsOf(input.query.wait, request);
    let found = await findRun(host, params.runId);
    if (waitMs > 0 && found.finishedAt === undefined) {
      await waitForRun(host, params.runId, waitMs, input.signal);
      found = await findRun(host, params.runId);
    }
    const reasons = await whyWaiting(host.parts.store, params.runId);
    return showFullRun(found, host.redact, reasons.map(showReason));
  },
});
