import type { QueueReader } from "./reader.ts";
import type { QueueTransaction } from "./transaction.ts";

const INSERT = "INSERT INTO client (owner, name, created_at) VALUES (?, ?, ?)";
const DELETE = "DELETE FROM client WHERE id = ?";
const ALIVE = `SELECT client.id, process.pid, client.name, client.created_at
  FROM client JOIN process ON process.id = client.owner ORDER BY client.id`;

/** Makes a worker or an event reader known by its name, for `getWorkers()` and `getQueueEvents()`. @returns its id */
export function registerClient(tx: QueueTransaction, { name }: { readonly name: string }): number {
  return tx.sql(INSERT).run(tx.owner, name, tx.now).lastInsertRowid;
}

/** Takes a client off the list. */
export function unregisterClient(tx: QueueTransaction, id: number): void {
  tx.sql(DELETE).run(id);
}

/**
 * Who is connected, in the text form that BullMQ reads: a line a client, `name=value` pairs separated by blanks. It is
 * one text in a list because BullMQ takes more as the nodes of a cluster. Clients of dead processes do not count.
 */
export function listClients(reader: QueueReader): string[] {
  const rows = reader.sql(ALIVE).all() as [number, number, string, number][];
  return [rows.map((row) => clientLine(reader.now(), row)).join("\n")];
}

function clientLine(
  now: number,
  [id, pid, name, createdAt]: [number, number, string, number],
): string {
  const age = Math.max(0, Math.floor((now - createdAt) / 1000));
  return `id=${id} addr=pid:${pid} name=${name.replace(/\s/g, "_")} age=${age}`;
}
