import type { RunState } from "../../types.ts";
import type { SqliteStore } from "../../../storage/sqlite/store.ts";
import type { BatchRecord, BatchStore } from "../batch-store.ts";
import type { RunKey } from "../run-store.ts";
import { isFinal, type StateCode, stateName } from "./codes.ts";
import { noteBelongings } from "./details.ts";
import { storableTime } from "./timers.ts";
import type { RunTransaction } from "./transaction.ts";

const INSERT = `INSERT INTO run_batch (id, created_at, count, idempotency_key, idempotency_until)
  VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`;
const BY_KEY = `SELECT id FROM run_batch WHERE idempotency_key = ? AND idempotency_until > ?
  ORDER BY pk DESC LIMIT 1`;
const PK = "SELECT pk FROM run_batch WHERE id = ?";
const RUN = "SELECT pk FROM run WHERE id = ?";
const JOIN = `INSERT INTO run_member (batch, position, run)
  SELECT ?, coalesce((SELECT position FROM run_member WHERE batch = ? ORDER BY position DESC LIMIT 1), 0) + 1, ?`;
const BATCH = "SELECT pk, created_at, count FROM run_batch WHERE id = ?";
const MEMBERS = `SELECT run.id, run.state, run.finished_at FROM run_member LEFT JOIN run ON run.pk = run_member.run
  WHERE run_member.batch = ? ORDER BY run_member.position`;

/** Makes a batch, or finds the one that an equal request made before. */
export function createBatch(
  tx: RunTransaction,
  { now, id, count, idempotency }: Parameters<BatchStore["create"]>[0],
): { readonly id: string; readonly isCached: boolean } {
  if (idempotency) {
    const earlier = tx.sql(BY_KEY).get(idempotency.key, now)?.[0] as string | undefined;
    if (earlier !== undefined) return { id: earlier, isCached: true };
  }
  const until = idempotency === undefined ? null : storableTime(idempotency.until);
  const { changes } = tx.sql(INSERT).run(id, now, count, idempotency?.key ?? null, until);
  return { id, isCached: changes === 0 };
}

/** Adds a run to a batch, which is made if it is not there. */
export function joinBatch(tx: RunTransaction, id: string, runId: string, now: number): void {
  const run = tx.sql(RUN).get(runId)?.[0] as RunKey | undefined;
  if (run === undefined) return;
  let batch = tx.sql(PK).get(id)?.[0] as number | undefined;
  batch ??= tx.sql(INSERT).run(id, now, null, null, null).lastInsertRowid;
  tx.sql(JOIN).run(batch, batch, run);
  noteBelongings(tx, tx.run(run)!);
}

/** What people see of a batch. */
export async function getBatch(
  reader: Pick<SqliteStore, "query">,
  id: string,
): Promise<BatchRecord | undefined> {
  const [batch] = await reader.query(BATCH, [id]);
  if (batch === undefined) return undefined;
  const [pk, createdAt, expected] = batch as [number, number, number | null];
  const members = (await reader.query(MEMBERS, [pk])) as Member[];
  const counts: Partial<Record<RunState, number>> = {};
  const runIds: string[] = [];
  let finishedAt = createdAt;
  let isFinished = members.length >= (expected ?? 0);
  for (const [runId, state, endedAt] of members) {
    if (runId === null) continue;
    runIds.push(runId);
    const name = stateName(state);
    counts[name] = (counts[name] ?? 0) + 1;
    isFinished &&= isFinal(state);
    finishedAt = Math.max(finishedAt, endedAt ?? 0);
  }
  const count = expected ?? members.length;
  return { id, createdAt, count, runIds, counts, ...(isFinished ? { finishedAt } : undefined) };
}

type Member = [runId: string | null, state: StateCode, finishedAt: number | null];
