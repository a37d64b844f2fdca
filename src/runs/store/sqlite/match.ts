import { equalityText, fitsEqualities } from "../../matching.ts";
import type { RunEvent } from "../../types.ts";
import type { EventBatch, RunKey, WaitSpec } from "../run-store.ts";
import { answerStep } from "./answer.ts";
import { cancelWithChildren } from "./cancel-children.ts";
import { Channel, isFinal, Purpose } from "./codes.ts";
import { loadEvent } from "./events.ts";
import type { RunTransaction } from "./transaction.ts";

const NEXT_PATH = `SELECT path FROM run_wait WHERE channel = ${Channel.event} AND name = ? AND path > ?
  ORDER BY path LIMIT 1`;
const NO_PATH = `SELECT 1 FROM run_wait WHERE channel = ${Channel.event} AND name = ? AND path = '' LIMIT 1`;
const WAITS = `SELECT run, purpose, key, until, rest, expression FROM run_wait
  WHERE channel = ${Channel.event} AND name = ? AND path = ? AND value = ?`;

interface Wait {
  readonly run: RunKey;
  readonly purpose: number;
  readonly key: string;
  readonly until: number;
  readonly rest: WaitSpec["equals"];
  readonly expression: string | null;
}

/**
 * Satisfies the waits and cancellations that an event fits. They are found by the values at the few paths that waits of
 * this name ask for, so ten thousand waits for other values cost nothing.
 */
export function matchWaits(
  tx: RunTransaction,
  event: RunEvent,
  matches: EventBatch["matches"],
  now: number,
): void {
  for (const wait of candidates(tx, event)) {
    if (now >= wait.until || !fitsEqualities(event, wait.rest)) continue;
    const row = tx.run(wait.run);
    if (row === undefined || isFinal(row.state)) continue;
    if (wait.expression !== null) {
      const originalEvent = loadEvent(tx, row.event);
      if (!matches({ expression: wait.expression, originalEvent }, event)) continue;
    }
    if (wait.purpose === Purpose.step) {
      answerStep(tx, wait.run, wait.key, { data: JSON.stringify(event) }, now);
    } else {
      cancelWithChildren(tx, row, `event ${event.name} (${event.id})`, now);
    }
  }
}

function candidates(tx: RunTransaction, event: RunEvent): Wait[] {
  const found = tx.sql(NO_PATH).get(event.name) ? waitsAt(tx, event.name, "", "") : [];
  for (let path = ""; ;) {
    const next = tx.sql(NEXT_PATH).get(event.name, path);
    if (next === undefined) return found;
    path = next[0] as string;
    const value = equalityText(event, path);
    if (value !== undefined) found.push(...waitsAt(tx, event.name, path, value));
  }
}

const waitsAt = (tx: RunTransaction, name: string, path: string, value: string): Wait[] =>
  tx
    .sql(WAITS)
    .all(name, path, value)
    .map((row) => ({
      run: row[0] as number,
      purpose: row[1] as number,
      key: row[2] as string,
      until: row[3] as number,
      rest: row[4] === null ? [] : (JSON.parse(row[4] as string) as WaitSpec["equals"]),
      expression: row[5] as string | null,
    }));
