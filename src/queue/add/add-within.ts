import { adoptConnection, runWithin } from "../../storage/sqlite/adopted-connection.ts";
import type { SqliteStore } from "../../storage/sqlite/store.ts";
import { QueueTransaction } from "../transaction.ts";

/**
 * Runs an operation on queues in the caller's own transaction. To the store this is the commit of another process: it
 * hears of it when it is done, and forgets what it remembered.
 *
 * @param handle the caller's connection
 * @throws {LonghaulError} STORE_BAD_TRANSACTION
 */
export function addWithin<T>(
  store: SqliteStore,
  handle: unknown,
  operation: (tx: QueueTransaction) => T,
): T {
  const connection = adoptConnection(handle, store);
  const { clock, owner } = store;
  return runWithin(connection, () => {
    const tx = new QueueTransaction({ clock, owner, connection });
    const result = operation(tx);
    tx.flush();
    return result;
  });
}
