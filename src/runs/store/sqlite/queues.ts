import type { SqliteStore } from "../../../storage/sqlite/store.ts";
import type { SqlValue } from "../../../storage/sqlite/connection.ts";
import {
  functionOfQueue,
  isTaskQueue,
  type QueueRecord,
  type QueueStore,
  taskQueueName,
} from "../queue-store.ts";
import { State } from "./codes.ts";
import { firstGate, releaseQueue } from "./queue-gates.ts";
import type { RunTransaction } from "./transaction.ts";

/** Queues by name: what is said about them, and how many runs are in them. */

const DECLARE = `INSERT INTO run_queue (name, base) VALUES (?, ?)
  ON CONFLICT (name) DO UPDATE SET base = excluded.base`;
const PAUSE = `INSERT INTO run_queue (name, is_paused) VALUES (?, ?)
  ON CONFLICT (name) DO UPDATE SET is_paused = excluded.is_paused`;
const OVERRIDE = `INSERT INTO run_queue (name, override, overridden_at) VALUES (?, ?, ?)
  ON CONFLICT (name) DO UPDATE SET override = excluded.override, overridden_at = excluded.overridden_at`;
const FUNCTION_COUNT = `SELECT count FROM run_count WHERE state = ?
  AND function = (SELECT pk FROM run_function WHERE id = ?)`;
const QUEUE_COUNT = "SELECT count FROM run_queue_count WHERE state = ? AND queue = ?";
const QUEUE = "SELECT base, override, overridden_at, is_paused FROM run_queue WHERE name = ?";
const EXISTS = `SELECT 1 FROM run_queue WHERE name = ? UNION ALL SELECT 1 FROM run_queue_count WHERE queue = ?
  UNION ALL SELECT 1 FROM run_function WHERE id = ?`;
/** Whole tables, but of few rows: one for each queue and function. */
const NAMES = `SELECT name FROM run_queue UNION SELECT queue FROM run_queue_count
  UNION SELECT '${taskQueueName("")}' || id FROM run_function ORDER BY 1`;

type Reader = Pick<SqliteStore, "query">;
type Params<M extends keyof QueueStore> = Exclude<Parameters<QueueStore[M]>[0], string>;

/** Says what the code says. */
export function declareQueues(tx: RunTransaction, { now, queues }: Params<"declare">): void {
  for (const { name, limit } of queues) {
    if (isKnown(tx, name, limit)) continue;
    tx.sql(DECLARE).run(name, limit ?? null);
    changed(tx, name, now);
  }
}

/** Whether {@link declareQueues} would write anything. Outside of transactions too. */
export const isDeclared = (tx: RunTransaction, { queues }: Params<"declare">): boolean =>
  queues.every(({ name, limit }) => isKnown(tx, name, limit));

function isKnown(tx: RunTransaction, name: string, limit: number | undefined): boolean {
  const known = tx.sql(QUEUE).get(name);
  // That of a function is there without.
  if (known === undefined) return limit === undefined && isTaskQueue(name);
  return (known[0] ?? undefined) === limit;
}

/** @returns whether there is such a queue */
export function pauseQueue(
  tx: RunTransaction,
  { now, name, isPaused }: Params<"setPaused">,
): boolean {
  if (!exists(tx, name)) return false;
  tx.sql(PAUSE).run(name, isPaused ? 1 : 0);
  changed(tx, name, now);
  return true;
}

/** @returns whether there is such a queue */
export function overrideQueue(
  tx: RunTransaction,
  { now, name, limit }: Params<"override">,
): boolean {
  if (!exists(tx, name)) return false;
  tx.sql(OVERRIDE).run(name, limit ?? null, limit === undefined ? null : now);
  changed(tx, name, now);
  return true;
}

/** There may be more room than before. */
function changed(tx: RunTransaction, name: string, now: number): void {
  tx.queues.forget();
  if (tx.queues.get(tx, name)?.isPaused !== true) releaseQueue(tx, firstGate(name), now);
}

const exists = (tx: RunTransaction, name: string): boolean =>
  tx.sql(EXISTS).get(name, name, functionOfQueue(name) ?? null) !== undefined;

/** A queue as people see it. */
export async function getQueue(reader: Reader, name: string): Promise<QueueRecord | undefined> {
  const found = await reader.query(EXISTS, [name, name, functionOfQueue(name) ?? null]);
  return found.length === 0 ? undefined : toQueue(reader, name);
}

/** Queues by name, and how many there are. */
export async function listQueues(
  reader: Reader,
  { limit, offset = 0, after }: Params<"list">,
): Promise<{ readonly queues: readonly QueueRecord[]; readonly count: number }> {
  const names = await reader.query(NAMES);
  const rest = after === undefined ? names : names.filter(([name]) => (name as string) > after);
  const page = rest.slice(offset, offset + limit) as [string][];
  const queues = await Promise.all(page.map(([name]) => toQueue(reader, name)));
  return { queues, count: names.length };
}

async function toQueue(reader: Reader, name: string): Promise<QueueRecord> {
  const functionId = functionOfQueue(name);
  const text = functionId === undefined ? QUEUE_COUNT : FUNCTION_COUNT;
  const owner = functionId ?? name;
  const [settings, queued, running] = await Promise.all([
    reader.query(QUEUE, [name]),
    reader.query(text, [State.queued, owner]),
    reader.query(text, [State.running, owner]),
  ]);
  const [baseLimit, overrideLimit, overriddenAt, isPaused] = (settings[0] ?? []).map(
    (value) => (value as number | null) ?? undefined,
  );
  const limit = overrideLimit ?? baseLimit;
  return {
    name,
    type: functionId === undefined ? "custom" : "task",
    isPaused: isPaused === 1,
    queued: countOf(queued),
    running: countOf(running),
    ...(limit === undefined ? undefined : { limit }),
    ...(baseLimit === undefined ? undefined : { baseLimit }),
    ...(overrideLimit === undefined ? undefined : { overrideLimit }),
    ...(overriddenAt === undefined ? undefined : { overriddenAt }),
  };
}

const countOf = (rows: readonly SqlValue[][]): number => (rows[0]?.[0] as number | undefined) ?? 0;
