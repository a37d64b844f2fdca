import type { JournalEntry } from "../../types.ts";
import type { ClaimedRun, RunStore } from "../run-store.ts";
import { Channel, Extra, Purpose, State, TimerKind } from "./codes.ts";
import { loadDetails } from "./details.ts";
import { loadEvent } from "./events.ts";
import { entryByKey, loadJournal } from "./journal.ts";
import { QueueGates } from "./queue-gates.ts";
import { firstReady, removeReady } from "./ready.ts";
import type { RunRow } from "./run-row.ts";
import { addTimer, removeTimer } from "./timers.ts";
import type { RunTransaction } from "./transaction.ts";

const LEASE = `UPDATE run SET state = ${State.running}, generation = ?, extras = ?, started_at = ?, owner = ?,
  lease_until = ?, news = 0 WHERE pk = ?`;

const ANSWERED = `SELECT entry FROM run_wait
  WHERE run = ? AND purpose = ${Purpose.step} AND channel = ${Channel.answered} ORDER BY entry`;

/** How many runs that their queue holds back one claim passes by. */
const BITE = 256;

type ClaimParams = Parameters<RunStore["claim"]>[0];

/** Leases ready runs, by priority and age. */
export function claimRuns(
  tx: RunTransaction,
  { now, functionIds, limit, leaseMs, isParked }: ClaimParams,
): ClaimedRun[] {
  const functions: number[] = [];
  for (const id of functionIds) {
    const fn = tx.findFunction(id);
    if (fn !== undefined) functions.push(fn);
  }
  const claimed: ClaimedRun[] = [];
  const gates = tx.queues.anySpecial(tx) ? new QueueGates(tx, now) : undefined;
  let heldBack = 0;
  while (claimed.length < limit) {
    const pk = firstReady(tx, functions);
    if (pk === undefined) break;
    const row = tx.run(pk)!;
    if (gates?.holdBack(row)) {
      if (++heldBack < BITE) continue;
      tx.readyAdded();
      break;
    }
    claimed.push(lease(tx, row, { now, leaseMs, isParked }));
  }
  return claimed;
}

function lease(
  tx: RunTransaction,
  row: RunRow,
  { now, leaseMs, isParked }: Pick<ClaimParams, "now" | "leaseMs" | "isParked">,
): ClaimedRun {
  const { pk } = row;
  const parked = row.generation > 0 && isParked?.(row.id, row.generation) === true;
  removeReady(tx, row);
  if (row.startedAt === null) start(tx, row, now);
  row.state = State.running;
  row.generation++;
  row.owner = tx.owner;
  row.news = 0;
  tx.sql(LEASE).run(row.generation, row.extras, row.startedAt, tx.owner, now + leaseMs, pk);
  tx.moved(row, State.queued, State.running);
  tx.claimed(row);
  return {
    key: pk,
    id: row.id,
    functionId: tx.functionId(row.function),
    generation: row.generation,
    attempt: row.attempt,
    losses: row.losses,
    events: parked ? [] : row.eventKeys.map((event) => loadEvent(tx, event)),
    journal: journalFor(tx, row, parked),
    createdAt: row.createdAt,
    queuedAt: row.queuedAt,
    startedAt: row.startedAt!,
    ...(row.has(Extra.belongings) && !parked ? { details: loadDetails(tx, pk) } : undefined),
  };
}

function journalFor(tx: RunTransaction, row: RunRow, isParked: boolean): JournalEntry[] {
  if (row.generation === 1) return [];
  if (!isParked) return loadJournal(tx, row.pk);
  if (!row.has(Extra.waits)) return [];
  const answered = tx.sql(ANSWERED).all(row.pk) as [number][];
  return answered.map(([entry]) => entryByKey(tx, entry));
}

/** The first claim: one timeout ends, another begins. */
function start(tx: RunTransaction, row: RunRow, now: number): void {
  row.startedAt = now;
  if (row.optionsJson === null) return;
  const { startTimeoutMs, finishTimeoutMs } = row.options;
  if (row.has(Extra.startTimeout)) {
    row.extras &= ~Extra.startTimeout;
    removeTimer(tx, row.queuedAt + startTimeoutMs!, TimerKind.startTimeout, row.pk);
  }
  if (finishTimeoutMs !== undefined) {
    row.extras |= Extra.finishTimeout;
    addTimer(tx, now + finishTimeoutMs, TimerKind.finishTimeout, row.pk);
  }
}
