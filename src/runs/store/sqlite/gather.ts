import { joinBatch } from "../../flow-control/batch.ts";
import { isPastMaxDelay, joinDebounce } from "../../flow-control/debounce.ts";
import type { StartOutcome, StartRequest } from "../run-store.ts";
import { begin } from "./begin.ts";
import { Extra, TimerKind } from "./codes.ts";
import { rememberStart } from "./dedupe.ts";
import { clearDetails, mergeDetails, noteBelongings, writeDetails } from "./details.ts";
import { loadEvent, storeEvent } from "./events.ts";
import {
  addCauses,
  addInvoker,
  extrasOf,
  insertRun,
  newRow,
  optionsOf,
  scoreOf,
  slotsOf,
} from "./insert-run.ts";
import { postpone } from "./postpone.ts";
import type { RunRow } from "./run-row.ts";
import { addTimer, removeTimer, storableTime } from "./timers.ts";
import type { RunTransaction } from "./transaction.ts";
import { replaceCancelWaits } from "./waits.ts";

/**
 * Debounce and batch: the first start makes a delayed run, later ones join it until its time comes. A debounced run has
 * the newest event, or the first, as its mode says; a batch has all of them.
 */

const FIND =
  "SELECT run, opened_at, count, bytes FROM run_gathering WHERE function = ? AND key = ?";
const ADD = `INSERT INTO run_gathering (function, key, run, opened_at, count, bytes) VALUES (?, ?, ?, ?, ?, ?)`;
const SET_SIZE = "UPDATE run_gathering SET count = ?, bytes = ? WHERE function = ? AND key = ?";
const REPLACE = `UPDATE run SET event = ?, slots = ?, options = ?, extras = ?, score = ?, queued_at = ?, due_at = ?
  WHERE pk = ?`;
const SET_OPTIONS = "UPDATE run SET options = ?, extras = ? WHERE pk = ?";
const DELETE = "DELETE FROM run_gathering WHERE function = ? AND key = ?";
const SET_EVENTS = "UPDATE run SET events = ? WHERE pk = ?";
const SET_EVENT = "UPDATE run SET event = ? WHERE pk = ?";
const SET_EXTRAS = "UPDATE run SET extras = ? WHERE pk = ?";

/** A run that still gathers. */
interface Gathering {
  readonly key: string;
  readonly row: RunRow;
  readonly openedAt: number;
  readonly count: number;
  readonly bytes: number;
}

/** Joins a debounce or a batch, or opens one. */
export function gather(
  tx: RunTransaction,
  fn: number,
  request: StartRequest,
  now: number,
): StartOutcome {
  const { debounce, batch, invokedBy } = request;
  const key = debounce ? `debounce:${debounce.key}` : `batch:${batch!.key}`;
  const found = tx.sql(FIND).get(fn, key) as [number, number, number, number] | undefined;
  const [pk, openedAt, count, bytes] = found ?? [];
  let row = pk === undefined ? undefined : tx.run(pk)!;
  if (row && debounce && isPastMaxDelay(debounce, { openedAt: openedAt!, eventTs: 0 }, now)) {
    close(tx, row, key);
    row = undefined;
  }
  if (row && invokedBy) {
    addInvoker(tx, row, invokedBy);
    row.extras |= Extra.invoked;
    tx.sql(SET_EXTRAS).run(row.extras, row.pk);
  }
  const open = row && { key, row, openedAt: openedAt!, count: count!, bytes: bytes! };
  const startKeys = row?.options.startKeys;
  const joined = debounce
    ? delayFurther(tx, fn, { key, open, request, now })
    : addToBatch(tx, fn, { key, open, request, now });
  rememberStart(tx, fn, request, joined.id);
  if (row) keepStartKeys(tx, row, startKeys, request);
  return { outcome: "joined", runId: joined.id };
}

/** A failure gives back the idempotency keys of all starts that were merged. */
function keepStartKeys(
  tx: RunTransaction,
  row: RunRow,
  earlier: readonly string[] = [],
  { idempotency }: StartRequest,
): void {
  const added = idempotency?.clearedByFailure ? [idempotency.key] : [];
  const startKeys = [...new Set([...earlier, ...added])];
  if (startKeys.length === (row.options.startKeys?.length ?? 0)) return;
  row.optionsJson = JSON.stringify({ ...row.options, startKeys });
  row.extras |= Extra.startKeys;
  tx.sql(SET_OPTIONS).run(row.optionsJson, row.extras, row.pk);
}

/** A run stops gathering, ahead of its time. */
function close(tx: RunTransaction, row: RunRow, key: string): void {
  row.extras &= ~Extra.gathering;
  tx.sql(SET_EXTRAS).run(row.extras, row.pk);
  tx.sql(DELETE).run(row.function, key);
}

/** A start that comes to a debounce or a batch. */
interface Joining {
  readonly key: string;
  readonly open: Gathering | undefined;
  readonly request: StartRequest;
  readonly now: number;
}

function delayFurther(
  tx: RunTransaction,
  fn: number,
  { key, open, request, now }: Joining,
): RunRow {
  const event = request.events[0]!;
  const { replaces, dueAt, openedAt } = joinDebounce(
    request.debounce!,
    open && { openedAt: open.openedAt, eventTs: loadEvent(tx, open.row.event).ts },
    event.ts,
    now,
  );
  const at = storableTime(Math.max(dueAt ?? 0, request.notBefore ?? 0));
  if (open === undefined) return openGathering(tx, fn, { key, request, now, at, openedAt });
  const { row } = open;
  const pk = storeEvent(tx, event, now);
  addCauses(tx, row, [pk]);
  if (!replaces) return row;
  const { mode = "replace" } = request.debounce!;
  if (mode === "replace") {
    replaceStart(tx, row, { request, key, event: pk, at });
  } else {
    postpone(tx, row, Math.max(at, row.dueAt!));
    if (mode === "trailing") replaceData(tx, row, request, pk);
  }
  return row;
}

/** The newest start takes the place of the earlier. */
function replaceStart(
  tx: RunTransaction,
  row: RunRow,
  start: {
    readonly request: StartRequest;
    readonly key: string;
    readonly event: number;
    readonly at: number;
  },
): void {
  const { request, key, event, at } = start;
  removeTimer(tx, row.dueAt!, TimerKind.run, row.pk);
  row.dueAt = at;
  addTimer(tx, at, TimerKind.run, row.pk);
  row.event = event;
  row.slotsJson = slotsOf(request);
  row.optionsJson = optionsOf(request, key);
  row.extras = extrasOf(request, key) | (row.extras & (Extra.invoked | Extra.belongings));
  row.queuedAt = at;
  row.score = scoreOf(request, at);
  const { slotsJson, optionsJson, extras, score } = row;
  tx.sql(REPLACE).run(event, slotsJson, optionsJson, extras, score, at, at, row.pk);
  replaceCancelWaits(tx, row.pk, request.cancelOn);
  if (!row.has(Extra.belongings)) return;
  clearDetails(tx, row.pk);
  if (request.details) writeDetails(tx, row.pk, request.details);
}

/** The run stays what the first start made it, but for its data. */
function replaceData(
  tx: RunTransaction,
  row: RunRow,
  { details }: StartRequest,
  event: number,
): void {
  row.event = event;
  tx.sql(SET_EVENT).run(event, row.pk);
  if (details === undefined && !row.has(Extra.belongings)) return;
  mergeDetails(tx, row.pk, details ?? {});
  noteBelongings(tx, row);
}

function addToBatch(tx: RunTransaction, fn: number, { key, open, request, now }: Joining): RunRow {
  const options = request.batch!;
  const dueAt = open?.row.dueAt ?? storableTime(now + options.timeoutMs);
  let size = open && { count: open.count, bytes: open.bytes, dueAt };
  let isFull = false;
  for (const event of request.events) {
    const step = joinBatch(options, size, JSON.stringify(event.data).length, now);
    size = { count: step.count, bytes: step.bytes, dueAt };
    isFull ||= step.full;
  }
  let row: RunRow;
  if (open) {
    row = open.row;
    const added = request.events.map((event) => storeEvent(tx, event, now));
    row.events = JSON.stringify([...row.eventKeys, ...added]);
    tx.sql(SET_EVENTS).run(row.events, row.pk);
    addCauses(tx, row, added);
  } else {
    row = openGathering(tx, fn, { key, request, now, at: dueAt, openedAt: now });
  }
  if (isFull) {
    removeTimer(tx, row.dueAt!, TimerKind.run, row.pk);
    begin(tx, row, now);
  } else {
    tx.sql(SET_SIZE).run(size!.count, size!.bytes, fn, key);
  }
  return row;
}

interface Opening {
  readonly key: string;
  readonly request: StartRequest;
  readonly now: number;
  readonly at: number;
  readonly openedAt: number;
}

function openGathering(
  tx: RunTransaction,
  fn: number,
  { key, request, now, at, openedAt }: Opening,
): RunRow {
  const row = newRow(tx, fn, request, { now, at, gathering: key });
  row.dueAt = at;
  insertRun(tx, row, request);
  tx.sql(ADD).run(fn, key, row.pk, openedAt, 0, 0);
  addTimer(tx, at, TimerKind.run, row.pk);
  return row;
}
