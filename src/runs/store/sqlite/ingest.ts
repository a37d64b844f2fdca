import type { RunStore, StartOutcome, StartRequest } from "../run-store.ts";
import { storeEvent } from "./events.ts";
import { matchWaits } from "./match.ts";
import { startRun } from "./start.ts";
import type { RunTransaction } from "./transaction.ts";

/**
 * Stores events and does all they cause, one event after the other: first the waits and cancellations that were there
 * before, then what it starts.
 * @returns what became of each start, in the order given
 */
export function ingestEvents(
  tx: RunTransaction,
  { now, events, starts, matches }: Parameters<RunStore["ingest"]>[0],
): StartOutcome[] {
  if (events.length === 0 && starts.length === 0) return [];
  if (events.length === 1) {
    storeEvent(tx, events[0]!, now);
    matchWaits(tx, events[0]!, matches, now);
    return starts.map((start) => startRun(tx, start, now));
  }
  const outcomes = new Map<StartRequest, StartOutcome>();
  const byEvent = groupByEvent(starts);
  for (const event of events) {
    storeEvent(tx, event, now);
    matchWaits(tx, event, matches, now);
    for (const start of byEvent.get(event.id) ?? []) outcomes.set(start, startRun(tx, start, now));
  }
  return starts.map((start) => outcomes.get(start) ?? startRun(tx, start, now));
}

function groupByEvent(starts: readonly StartRequest[]): Map<string, StartRequest[]> {
  const groups = new Map<string, StartRequest[]>();
  for (const start of starts) {
    const { id } = start.events.at(-1)!;
    const group = groups.get(id);
    if (group) group.push(start);
    else groups.set(id, [start]);
  }
  return groups;
}
