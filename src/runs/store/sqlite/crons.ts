import type { SqliteStore } from "../../../storage/sqlite/store.ts";
import type { ScheduleRecord, ScheduleRequest, ScheduleStore } from "../schedule-store.ts";
import { startRun } from "./start.ts";
import { storableTime } from "./timers.ts";
import type { RunTransaction } from "./transaction.ts";

/** Schedules that are made while the program runs. */

const COLUMNS = `run_cron.id, run_cron.key, run_function.id, run_cron.cron, run_cron.time_zone, run_cron.external_id,
  run_cron.created_at, run_cron.updated_at, run_cron.last_at, run_cron.next_at`;
const FROM = `SELECT ${COLUMNS} FROM run_cron JOIN run_function ON run_function.pk = run_cron.function`;
const BY_ID = `${FROM} WHERE run_cron.id = ?`;
const BY_KEY = "SELECT id FROM run_cron WHERE key = ?";
const INSERT = `INSERT INTO run_cron (id, key, function, cron, time_zone, external_id, created_at, updated_at, next_at)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`;
const UPDATE = `UPDATE run_cron SET function = ?, cron = ?, time_zone = ?, external_id = ?, updated_at = ?,
  next_at = CASE WHEN next_at IS NULL THEN NULL ELSE ? END WHERE id = ?`;
const DELETE = "DELETE FROM run_cron WHERE id = ?";
const SET_NEXT = "UPDATE run_cron SET next_at = ?, updated_at = ? WHERE id = ?";
const TICK = "UPDATE run_cron SET last_at = ?, next_at = ? WHERE id = ? AND next_at = ?";
const NEXT = `SELECT next_at FROM run_cron INDEXED BY run_cron_next WHERE function = ? AND next_at IS NOT NULL
  ORDER BY next_at LIMIT 1`;
const DUE = `${FROM} WHERE run_cron.function = ? AND run_cron.next_at <= ? ORDER BY run_cron.next_at LIMIT 100`;
const PAGE = `${FROM} WHERE run_cron.pk > ? ORDER BY run_cron.pk LIMIT ? OFFSET ?`;
const KEY = "SELECT pk FROM run_cron WHERE id = ?";
const COUNT = "SELECT count(*) FROM run_cron";
const ANY = "SELECT 1 FROM run_cron LIMIT 1";

type Params<M extends keyof ScheduleStore> = Exclude<Parameters<ScheduleStore[M]>[0], string>;
type Sql = Pick<RunTransaction, "sql">;

/** Makes a schedule, or changes the one that has its key. */
export function createCron(
  tx: RunTransaction,
  { now, id, deduplicationKey, schedule }: Params<"create"> & object,
): ScheduleRecord {
  const known = tx.sql(BY_KEY).get(deduplicationKey)?.[0] as string | undefined;
  if (known !== undefined) return updateCron(tx, { now, id: known, schedule })!;
  const { functionId, cron, timeZone, externalId = null } = schedule;
  const nextAt = storableTime(schedule.nextAt);
  const fn = tx.functionKey(functionId);
  tx.sql(INSERT).run(id, deduplicationKey, fn, cron, timeZone, externalId, now, now, nextAt);
  tx.dueAdded(nextAt);
  return findCron(tx, id)!;
}

export function updateCron(
  tx: RunTransaction,
  {
    now,
    id,
    schedule,
  }: { readonly now: number; readonly id: string; readonly schedule: ScheduleRequest },
): ScheduleRecord | undefined {
  const { functionId, cron, timeZone, externalId = null } = schedule;
  const nextAt = storableTime(schedule.nextAt);
  if (findCron(tx, id) === undefined) return undefined;
  tx.sql(UPDATE).run(tx.functionKey(functionId), cron, timeZone, externalId, now, nextAt, id);
  tx.dueAdded(nextAt);
  return findCron(tx, id);
}

export const deleteCron = (tx: RunTransaction, id: string): boolean =>
  tx.sql(DELETE).run(id).changes > 0;

/** Sets when a schedule ticks next; without a time, it is not active. */
export function activateCron(
  tx: RunTransaction,
  { now, id, nextAt }: Params<"setActive"> & object,
): ScheduleRecord | undefined {
  const next = nextAt === undefined ? null : storableTime(nextAt);
  tx.sql(SET_NEXT).run(next, now, id);
  if (next !== null) tx.dueAdded(next);
  return findCron(tx, id);
}

/** Starts a tick, unless another process did. */
export function tickCron(
  tx: RunTransaction,
  { now, id, at, nextAt, start }: Params<"tick"> & object,
): boolean {
  const next = storableTime(nextAt);
  if (tx.sql(TICK).run(at, next, id, at).changes === 0) return false;
  tx.dueAdded(next);
  startRun(tx, start, now);
  return true;
}

/** Outside of transactions too. */
export function findCron(tx: Sql, id: string): ScheduleRecord | undefined {
  const row = tx.sql(BY_ID).get(id);
  return row && toSchedule(row);
}

/** Schedules of functions that are due. Outside of transactions too. */
export function dueCrons(
  tx: RunTransaction,
  functionIds: readonly string[],
  now: number,
): ScheduleRecord[] {
  return keysOf(tx, functionIds).flatMap((fn) => tx.sql(DUE).all(fn, now).map(toSchedule));
}

/** When a schedule of functions ticks next; `Infinity` without any. Outside of transactions too. */
export function nextCron(tx: RunTransaction, functionIds: readonly string[]): number {
  let next = Infinity;
  for (const fn of keysOf(tx, functionIds))
    next = Math.min(next, (tx.sql(NEXT).get(fn)?.[0] as number | undefined) ?? Infinity);
  return next;
}

/** None if there are no schedules at all. */
function keysOf(tx: RunTransaction, functionIds: readonly string[]): number[] {
  if (functionIds.length === 0 || tx.sql(ANY).get() === undefined) return [];
  const keys = functionIds.map((id) => tx.findFunction(id));
  return keys.filter((key) => key !== undefined);
}

export async function listCrons(
  reader: Pick<SqliteStore, "query">,
  { limit, offset = 0, after }: Params<"list"> & object,
): Promise<{ readonly schedules: readonly ScheduleRecord[]; readonly count: number }> {
  const [before] = after === undefined ? [] : await reader.query(KEY, [after]);
  const [rows, count] = await Promise.all([
    reader.query(PAGE, [before?.[0] ?? 0, limit, offset]),
    reader.query(COUNT),
  ]);
  return { schedules: rows.map(toSchedule), count: count[0]![0] as number };
}

function toSchedule(row: readonly unknown[]): ScheduleRecord {
  const [id, key, functionId, cron, timeZone] = row as string[];
  const [externalId, createdAt, updatedAt, lastAt, nextAt] = row.slice(5) as [
    string | null,
    number,
    number,
    number | null,
    number | null,
  ];
  return {
    id: id!,
    deduplicationKey: key!,
    functionId: functionId!,
    cron: cron!,
    timeZone: timeZone!,
    isActive: nextAt !== null,
    createdAt,
    updatedAt,
    ...(externalId === null ? undefined : { externalId }),
    ...(lastAt === null ? undefined : { lastAt }),
    ...(nextAt === null ? undefined : { nextAt }),
  };
}
