import { z } from "zod";
import type { BrowsedRun } from "../../../runs/browse/run.ts";
import type { StartDetails } from "../../../runs/store/start-details.ts";
import type { EventInput } from "../../../runs/types.ts";
import { replay } from "../../../trigger/api/replay-run.ts";
import { dueTime } from "../../../trigger/durations.ts";
import { extraOf } from "../../../trigger/run/read-run.ts";
import { InvalidRequest } from "../../problem.ts";
import { route } from "../../route.ts";
import { durationOrTime, id, json } from "./fields.ts";
import { conflict, findRun, notFound, runScopes } from "./find-run.ts";
import { runSummary, showRun } from "./show-run.ts";
import { started, startOne } from "./started.ts";
import { repeatable, tags } from "./trigger-options.ts";

/** What may be done to a run. */

const params = z.object({ runId: id });

export const cancel = route({
  id: "runs.cancel",
  summary: "Cancels a run, its unfinished children, and theirs",
  role: "operator",
  scopes: ({ params: { runId } }) => [`cancel:run:${runId}`],
  params,
  body: z.strictObject({ reason: z.string().min(1).max(1_000).optional() }).optional(),
  answer: runSummary,
  handler: async ({ params: { runId }, body, host }) => {
    const isCanceled = await host.parts.engine.cancel(runId, body?.reason);
    const run = await findRun(host, runId);
    return isCanceled ? showRun(run) : conflict(`the run ${runId}`, run.state, "canceled");
  },
});

const replayBody = z
  .strictObject({
    /** Instead of what the run was given. */
    payload: json.optional(),
    ...repeatable,
  })
  .default({});

export const replayRun = route({
  id: "runs.replay",
  summary: "Starts a run with what another was given, or with something else",
  description:
    "It is no child, in no batch, and has no idempotency key. Of functions that are no tasks, only the payload and the tags can be changed.",
  role: "operator",
  params,
  body: replayBody,
  answer: started.extend({ replayOf: z.string() }),
  status: 201,
  handler: async ({ params: { runId }, body, host }) => {
    const run = await findRun(host, runId);
    if (extraOf(run.details ?? {})?.by === undefined) {
      const details = detailsOfReplay(run, body);
      const call = { functionId: run.functionId, events: eventsOf(run, body), details };
      return { ...(await startOne(host, call)), replayOf: runId };
    }
    const handle = await replay(host.parts.engine, runId, body);
    const publicToken = await host.publicTokens.create({ scopes: [`read:run:${handle.id}`] });
    return { id: handle.id, isCached: handle.isCached ?? false, replayOf: runId, publicToken };
  },
});

/** The events of a run again; the first with another payload, if one is given. */
function eventsOf({ events }: BrowsedRun, body: z.output<typeof replayBody>): EventInput[] {
  const again = events.map(({ name, data, v, user, meta }) => ({ name, data, v, user, meta }));
  if (!("payload" in body)) return again;
  return [{ ...again[0]!, data: body.payload }, ...again.slice(1)];
}

/** @throws {InvalidRequest} */
function detailsOfReplay(
  { id: replayOf, details = {} }: BrowsedRun,
  body: z.output<typeof replayBody>,
): StartDetails {
  const names = Object.keys(body).filter((name) => name !== "payload" && name !== "tags");
  const detail = "only tasks that were triggered take this";
  if (names.length > 0)
    throw new InvalidRequest(names.map((name) => ({ pointer: `#/${name}`, detail })));
  const { scheduleId, isTest } = details;
  return { replayOf, scheduleId, isTest, tags: body.tags ?? details.tags };
}

export const reschedule = route({
  id: "runs.reschedule",
  summary: "Gives a delayed run another time",
  role: "operator",
  params,
  body: z.strictObject({ delay: durationOrTime }),
  answer: runSummary,
  handler: async ({ params: { runId }, body, host }) => {
    const { engine, clock } = host.parts;
    const now = clock.now();
    const notBefore = dueTime(body.delay, now, "delay");
    const isMoved = await engine.stores.starts.reschedule({ now, runId, notBefore });
    const run = await findRun(host, runId);
    return isMoved ? showRun(run) : conflict(`the run ${runId}`, run.state, "rescheduled");
  },
});

const metadataAnswer = z.object({ metadata: z.record(z.string(), json).nullable() });

export const metadata = route({
  id: "runs.metadata",
  summary: "What a run says about itself",
  role: "viewer",
  scopes: runScopes,
  params,
  answer: metadataAnswer,
  handler: async ({ params: { runId }, host }) => {
    const text = await host.parts.engine.stores.metadata.get(runId);
    if (text === undefined) await findRun(host, runId);
    return { metadata: text === undefined ? null : host.redact(parse(text)) };
  },
});

export const setMetadata = route({
  id: "runs.setMetadata",
  summary: "Puts an object in the place of what a run says about itself",
  role: "operator",
  params,
  body: z.strictObject({ metadata: z.record(z.string(), json) }),
  answer: metadataAnswer,
  handler: async ({ params: { runId }, body, host }) => {
    const { engine, clock } = host.parts;
    const changes = [{ type: "replace" as const, value: body.metadata }];
    const text = await engine.stores.metadata.change({ now: clock.now(), runId, changes });
    return { metadata: host.redact(parse(text ?? notFound("run", runId))) };
  },
});

const parse = (text: string): Record<string, unknown> =>
  JSON.parse(text) as Record<string, unknown>;

export const addTags = route({
  id: "runs.addTags",
  summary: "Adds tags to a run",
  description: "A run has ten tags at most.",
  role: "operator",
  params,
  body: z.strictObject({ tags }),
  answer: z.object({ tags: z.array(z.string()) }),
  handler: async ({ params: { runId }, body, host }) => {
    const { engine, clock } = host.parts;
    const all = await engine.stores.tags.add({ now: clock.now(), runId, tags: body.tags });
    return { tags: [...(all ?? notFound("run", runId))] };
  },
});
