import { z } from "zod";
import { readStep, readSteps, type StepRecord } from "../../../runs/browse/steps.ts";
import type { ChildEnd } from "../../../runs/store/start-details.ts";
import { decodeCursor, pageOf, toPage } from "../../pages.ts";
import type { Redactor } from "../../redact.ts";
import { route } from "../../route.ts";
import { flagQuery, id, iso, isoOrNull, json, stepKind, time, windowQuery } from "./fields.ts";
import { notFound, runScopes } from "./find-run.ts";
import { plainText, plainValue } from "./plain-value.ts";
import { fullError, showFullError } from "./show-run.ts";

/** The journal of a run. */

/** Data of a step in a list; longer data is read step by step. Characters. */
const MAX_DATA = 16 * 1024;

const step = z.object({
  /** Its place in the journal. */
  seq: z.int(),
  key: z.string(),
  kind: stepKind,
  state: z.enum(["pending", "retry", "done", "failed"]),
  attempt: z.int(),
  at: time,
  dueAt: time.nullable(),
  data: json,
  /** Whether its data was too long for a list: it is in the answer for the step alone. */
  isCut: z.boolean(),
  error: fullError.nullable(),
});

function showStep(record: StepRecord, redact: Redactor): z.input<typeof step> {
  const { seq, key, state, attempt, data, error } = record;
  return {
    ...{ seq, key, kind: record.kind, state, attempt },
    at: iso(record.at),
    dueAt: isoOrNull(record.dueAt),
    data: data === undefined ? null : redact(plainData(record.kind, data)),
    isCut: record.size !== undefined && data === undefined,
    error: error ? showFullError(error, redact) : null,
  };
}

/** The data of a step. Of what others ended with, their outputs as JSON too. */
function plainData(of: StepRecord["kind"], text: string): unknown {
  const data = plainText(text);
  if (of === "child" && Array.isArray(data)) return (data as ChildEnd[]).map(showEnd);
  if (of !== "token") return data;
  const end = data as { readonly output?: unknown };
  return "output" in end ? Object.assign(end, { output: plainValue(end.output) }) : end;
}

const showEnd = (end: ChildEnd): object =>
  end.output === undefined ? end : { ...end, output: plainText(end.output) };

export const steps = route({
  id: "runs.steps",
  summary: "The journal of a run, in the order it was written",
  description: "A step may have several entries: the last entry of a key is the last word on it.",
  role: "viewer",
  scopes: runScopes,
  params: z.object({ runId: id }),
  query: z.strictObject({ ...windowQuery, data: flagQuery.default(true) }),
  answer: pageOf(step),
  handler: async ({ params: { runId }, query, host }) => {
    const [after] = (decodeCursor(query.cursor, ["number"]) ?? []) as [number?];
    const window = { limit: query.limit + 1, after, maxData: query.data ? MAX_DATA : -1 };
    const found = await readSteps(host.parts.store, runId, window);
    return toPage(
      found ?? notFound("run", runId),
      query.limit,
      ({ seq }) => [seq],
      (record) => showStep(record, host.redact),
    );
  },
});

export const oneStep = route({
  id: "runs.step",
  summary: "One entry of a journal, with all of its data",
  role: "viewer",
  scopes: runScopes,
  params: z.object({ runId: id, seq: z.coerce.number().int() }),
  answer: step,
  handler: async ({ params: { runId, seq }, host }) => {
    const found = await readStep(host.parts.store, runId, seq);
    return showStep(found ?? notFound("step", String(seq)), host.redact);
  },
});
