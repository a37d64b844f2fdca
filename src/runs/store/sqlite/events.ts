import type { RunEvent } from "../../types.ts";
import type { RunTransaction } from "./transaction.ts";

const INSERT = `INSERT INTO run_event (id, external_id, name, ts, received_at, data, extra)
  VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`;
const KEY = "SELECT pk FROM run_event WHERE id = ?";
export const EVENT_COLUMNS =
  "run_event.id, run_event.external_id, run_event.name, run_event.ts, run_event.data, run_event.extra";
const EVENT = `SELECT ${EVENT_COLUMNS} FROM run_event WHERE pk = ?`;

/** Stores an event, unless it is stored already. @returns its key */
export function storeEvent(tx: RunTransaction, event: RunEvent, now: number): number {
  const { v, user, meta, trace } = event;
  const hasExtra =
    v !== undefined || user !== undefined || meta !== undefined || trace !== undefined;
  const { changes, lastInsertRowid } = tx
    .sql(INSERT)
    .run(
      event.id,
      event.externalId ?? null,
      event.name,
      event.ts,
      now,
      JSON.stringify(event.data ?? {}),
      hasExtra ? JSON.stringify({ v, user, meta, trace }) : null,
    );
  return changes === 1 ? lastInsertRowid : (tx.sql(KEY).get(event.id)![0] as number);
}

/** Reads an event. */
export function loadEvent(tx: Pick<RunTransaction, "sql">, pk: number): RunEvent {
  return toEvent(tx.sql(EVENT).get(pk)!);
}

/** An event from {@link EVENT_COLUMNS}, which begin at `offset`. */
export function toEvent(row: readonly unknown[], offset = 0): RunEvent {
  const externalId = row[offset + 1] as string | null;
  const extra = row[offset + 5] as string | null;
  return {
    id: row[offset] as string,
    ...(externalId === null ? undefined : { externalId }),
    name: row[offset + 2] as string,
    data: JSON.parse(row[offset + 4] as string) as unknown,
    ts: row[offset + 3] as number,
    ...(extra === null ? undefined : (JSON.parse(extra) as Partial<RunEvent>)),
  };
}
