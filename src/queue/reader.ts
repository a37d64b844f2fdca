import type { SqlValue, Statement } from "../storage/sqlite/connection.ts";
import type { SqliteStore } from "../storage/sqlite/store.ts";
import type { QueueRef } from "./transaction.ts";

/** How queries look at queues: committed data, outside of transactions. */
export interface QueueReader {
  /** A quick look-up on this thread. */
  sql(text: string): Statement;
  /** A list, a scan or a count of unknown size: on a read-only connection in a worker thread. */
  list(text: string, params: SqlValue[]): Promise<SqlValue[][]>;
  /** The row of a queue; `undefined` if nothing was ever stored under that name. */
  queueId(ref: QueueRef): number | undefined;
  now(): number;
}

const QUEUE_ID = "SELECT id FROM queue WHERE prefix = ? AND name = ?";

/** A reader over a store. */
export function queueReader(store: SqliteStore): QueueReader {
  const { connection, clock } = store;
  return {
    sql: (text) => connection.sql(text),
    list: (text, params) => store.query(text, params),
    queueId: ({ prefix, name }) =>
      connection.sql(QUEUE_ID).get(prefix, name)?.[0] as number | undefined,
    now: () => clock.now(),
  };
}
