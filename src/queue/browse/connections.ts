import type { Reader } from "./job-summary.ts";
import { shownQueueName } from "./queue-name.ts";

/** A connected worker or reader of events. Times are epoch ms. */
export interface ConnectedClient {
  readonly id: string;
  readonly kind: "worker" | "events";
  readonly queue: string;
  /** As the worker was named; null if it was not. */
  readonly name: string | null;
  readonly connectedAt: number;
  /** Its process, as the file knows it. */
  readonly processId: string;
  readonly pid: number;
  /** A fingerprint of the machine that it runs on. */
  readonly machine: string;
  /** When its process last said that it lives. */
  readonly heartbeatAt: number;
  /** Jobs of the queue that its process works on now. */
  readonly activeJobs: number;
}

/** What readers of events end with. */
const EVENTS = ":qe";
/** Names are `prefix:base64(queue)` and a suffix, as BullMQ makes them. */
const NAME = /^(.*?):([A-Za-z0-9+/=]+)(?:(:qe)|:w:(.*))?$/s;

const CLIENTS = `SELECT client.id, client.name, client.created_at, process.id, process.pid, process.machine,
    process.heartbeat_at
  FROM client JOIN process ON process.id = client.owner ORDER BY client.id`;
const ACTIVE = `SELECT active.owner, queue.prefix, queue.name, count(*)
  FROM active JOIN queue ON queue.id = active.queue GROUP BY active.owner, active.queue`;

/** Who is connected to queues, the longest connected first. Tables with a row a connection are read whole. */
export async function readConnections(reader: Reader): Promise<ConnectedClient[]> {
  const [clients, active] = await Promise.all([reader.query(CLIENTS), reader.query(ACTIVE)]);
  const working = new Map(
    (active as [number, string, string, number][]).map(([owner, prefix, name, count]) => [
      `${owner}:${shownQueueName(prefix, name)}`,
      count,
    ]),
  );
  type Row = [number, string, number, number, number, string, number];
  return (clients as Row[]).flatMap(([id, text, connectedAt, owner, pid, machine, heartbeatAt]) => {
    const parsed = parseClientName(text);
    if (!parsed) return [];
    const activeJobs =
      parsed.kind === "worker" ? (working.get(`${owner}:${parsed.queue}`) ?? 0) : 0;
    const process = { processId: String(owner), pid, machine, heartbeatAt };
    return [{ id: String(id), ...parsed, connectedAt, ...process, activeJobs }];
  });
}

/** How many workers each queue has, by its shown name. */
export function workersByQueue(clients: readonly ConnectedClient[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { kind, queue } of clients)
    if (kind === "worker") counts.set(queue, (counts.get(queue) ?? 0) + 1);
  return counts;
}

function parseClientName(
  text: string,
): Pick<ConnectedClient, "kind" | "queue" | "name"> | undefined {
  const [, prefix, encoded, events, worker] = NAME.exec(text) ?? [];
  if (prefix === undefined || encoded === undefined) return undefined;
  const queue = shownQueueName(prefix, Buffer.from(encoded, "base64").toString("utf8"));
  return { kind: events === EVENTS ? "events" : "worker", queue, name: worker ?? null };
}
