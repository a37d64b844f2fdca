import { z } from "zod";
import { type EventRecord, listEvents, readEvent } from "../../../runs/browse/events.ts";
import type { EventInput } from "../../../runs/types.ts";
import { decodeCursor, encodeCursor, pageOf, pageQuery } from "../../pages.ts";
import type { Redactor } from "../../redact.ts";
import { route } from "../../route.ts";
import { id, iso, json, time, timeQuery } from "./fields.ts";
import { notFound } from "./find-run.ts";
import { runSummary, showRun } from "./show-run.ts";

/** Events: what was sent, and what it started. */

const event = z.object({
  id: z.string(),
  /** The sender's id. */
  externalId: z.string().nullable(),
  name: z.string(),
  /** When it happened, as its sender says. */
  at: time,
  receivedAt: time,
  data: json,
  user: json,
  v: z.string().nullable(),
});

const showEvent = (given: EventRecord, redact: Redactor): z.input<typeof event> => ({
  id: given.id,
  externalId: given.externalId ?? null,
  name: given.name,
  at: iso(given.ts),
  receivedAt: iso(given.receivedAt),
  data: redact(given.data),
  user: redact(given.user) ?? null,
  v: given.v ?? null,
});

export const events = route({
  id: "events.list",
  summary: "Events, newest first",
  description:
    "`from` and `to` are about when they were stored. A page may hold fewer events than asked for, or none, and others follow: a rare name is searched for a part of the store at a time.",
  role: "viewer",
  query: z.strictObject({
    ...pageQuery,
    name: id.optional(),
    from: timeQuery.optional(),
    to: timeQuery.optional(),
  }),
  answer: pageOf(event),
  handler: async ({ query: { limit, cursor, ...filter }, host }) => {
    const [before] = (decodeCursor(cursor, ["number"]) ?? []) as [number?];
    const { events: found, next } = await listEvents(host.parts.store, {
      ...filter,
      limit,
      before,
    });
    return {
      data: found.map((one) => showEvent(one, host.redact)),
      page: { next: next === undefined ? null : encodeCursor([next]) },
    };
  },
});

export const oneEvent = route({
  id: "events.get",
  summary: "An event with the runs it is part of; by its id or its sender's",
  role: "viewer",
  params: z.object({ eventId: id }),
  answer: event.extend({ runs: z.array(runSummary) }),
  handler: async ({ params: { eventId }, host }) => {
    const found = (await readEvent(host.parts.store, eventId)) ?? notFound("event", eventId);
    return { ...showEvent(found.event, host.redact), runs: found.runs.map(showRun) };
  },
});

const input = z.strictObject({
  /** The same id starts a function once within 24 hours. */
  id: z.string().min(1).max(512).optional(),
  name: z.string().min(1).max(512),
  data: z.record(z.string(), json).optional(),
  /** When it happened: epoch milliseconds, or ISO 8601; in the future it delays what it starts. */
  ts: z.union([z.number(), z.iso.datetime({ offset: true })]).optional(),
  v: z.string().optional(),
  user: json.optional(),
});

const MAX_EVENTS = 1_000;

export const send = route({
  id: "events.send",
  summary: "Sends an event, or a list of events: all are stored, with what they start, or none",
  role: "operator",
  scopes: ({ body }) => {
    const [first, ...others] = new Set([body].flat().map(({ name }) => name));
    return first === undefined || others.length > 0 ? [] : [`send:event:${first}`];
  },
  body: z.union([input, z.array(input).min(1).max(MAX_EVENTS)]),
  answer: z.object({ ids: z.array(z.string()) }),
  status: 201,
  audit: ({ body }) =>
    [body]
      .flat()
      .map(({ name }) => name)
      .join(", ")
      .slice(0, 512),
  handler: async ({ body, host, idempotencyKey }) => {
    const idOf = (index: number) => idempotencyKey && `${idempotencyKey}-${index}`;
    const events = [body].flat().map((event, index) => toInput(event, idOf(index)));
    return { ids: [...(await host.parts.engine.send(events))] };
  },
});

function toInput(
  { ts, id: ownId, ...given }: z.output<typeof input>,
  sentId: string | undefined,
): EventInput {
  return { ...given, id: ownId ?? sentId, ts: typeof ts === "string" ? Date.parse(ts) : ts };
}

export const signal = route({
  id: "signals.send",
  summary: "Sends a signal to the run that waits for it",
  role: "operator",
  body: z.strictObject({ signal: z.string().min(1).max(512), data: json.optional() }),
  /** Null: no run waits for it, and it is not kept. */
  answer: z.object({ runId: z.string().nullable() }),
  audit: ({ body }) => body.signal,
  handler: async ({ body: { signal: name, data }, host }) => ({
    runId: (await host.parts.engine.signal(name, data)) ?? null,
  }),
});
