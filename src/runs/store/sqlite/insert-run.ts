import type { SerializedError } from "../../types.ts";
import type { StartRequest } from "../run-store.ts";
import { Extra, State } from "./codes.ts";
import { saysAnything, writeDetails } from "./details.ts";
import { storeEvent } from "./events.ts";
import { RunRow, type RunOptions } from "./run-row.ts";
import type { RunTransaction } from "./transaction.ts";
import { addCancelWaits } from "./waits.ts";

const INSERT = `INSERT INTO run (id, function, state, score, extras, event, events, slots, options, queued_at, due_at,
  parked, finished_at, error, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;
const ADD_CAUSE = "INSERT INTO run_cause (event, run) VALUES (?, ?) ON CONFLICT DO NOTHING";
const ADD_INVOKER =
  "INSERT INTO run_invoker (run, parent, key, is_child) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING";

/** The row that a start makes; not stored yet. `at` is when the run is to be queued. */
export function newRow(
  tx: RunTransaction,
  fn: number,
  request: StartRequest,
  params: { readonly now: number; readonly at: number; readonly gathering?: string },
): RunRow {
  const { now, at, gathering } = params;
  const events = request.events.map((event) => storeEvent(tx, event, now));
  const row = new RunRow([
    0,
    request.runId,
    fn,
    State.delayed,
    0,
    0,
    0,
    scoreOf(request, at),
    extrasOf(request, gathering),
    events[0]!,
    events.length > 1 ? JSON.stringify(events) : null,
    slotsOf(request),
    optionsOf(request, gathering),
    at,
    null,
    null,
    null,
    null,
    0,
    now,
  ]);
  return row;
}

/** Stores a new run in the state its row says, with what belongs to it. */
export function insertRun(
  tx: RunTransaction,
  row: RunRow,
  request: StartRequest,
  end?: { readonly at: number; readonly error: SerializedError },
): void {
  const { lastInsertRowid } = tx
    .sql(INSERT)
    .run(
      row.id,
      row.function,
      row.state,
      row.score,
      row.extras,
      row.event,
      row.events,
      row.slotsJson,
      row.optionsJson,
      row.queuedAt,
      row.dueAt,
      row.parked,
      end?.at ?? null,
      end ? JSON.stringify(end.error) : null,
      row.createdAt,
    );
  row.pk = lastInsertRowid;
  tx.moved(row, 0, row.state);
  addCauses(tx, row, row.eventKeys);
  if (request.details && row.has(Extra.belongings)) writeDetails(tx, row.pk, request.details);
  if (end) return;
  addCancelWaits(tx, row.pk, request.cancelOn);
  if (request.invokedBy) addInvoker(tx, row, request.invokedBy);
}

/** Records that events are part of a run. */
export function addCauses(tx: RunTransaction, row: RunRow, events: readonly number[]): void {
  for (const event of events) tx.sql(ADD_CAUSE).run(event, row.pk);
}

/**
 * Records that a step waits for the run's result. The caller sets {@link Extra.invoked}.
 *
 * @param isChild whether the step waits for the ends of several runs, whatever they are
 */
export function addInvoker(
  tx: RunTransaction,
  row: RunRow,
  { run, stepKey }: NonNullable<StartRequest["invokedBy"]>,
  isChild = false,
): void {
  tx.sql(ADD_INVOKER).run(row.pk, run, stepKey, isChild ? 1 : 0);
}

/** The place in line of a run that is queued at a time. */
export const scoreOf = (request: StartRequest, at: number): number =>
  at - Math.round(request.prioritySeconds * 1000);

export function extrasOf(request: StartRequest, gathering: string | undefined): number {
  let extras = 0;
  if (request.cancelOn.length > 0) extras |= Extra.waits;
  if (request.invokedBy) extras |= Extra.invoked;
  if (request.throttle) extras |= Extra.throttled;
  if (gathering !== undefined) extras |= Extra.gathering;
  if (request.idempotency?.clearedByFailure) extras |= Extra.startKeys;
  if (saysAnything(request.details)) extras |= Extra.belongings;
  return extras;
}

export const slotsOf = ({ slots }: StartRequest): string | null =>
  slots.length === 0 ? null : JSON.stringify(slots);

export function optionsOf(request: StartRequest, gathering: string | undefined): string | null {
  const { singleton, throttle, startTimeoutMs, finishTimeoutMs, idempotency } = request;
  const startKeys = idempotency?.clearedByFailure ? [idempotency.key] : undefined;
  if (
    startKeys === undefined &&
    singleton === undefined &&
    throttle === undefined &&
    startTimeoutMs === undefined &&
    finishTimeoutMs === undefined &&
    gathering === undefined
  )
    return null;
  const options: RunOptions = {
    singleton,
    throttle,
    gathering,
    startKeys,
    startTimeoutMs: storableDuration(startTimeoutMs),
    finishTimeoutMs: storableDuration(finishTimeoutMs),
  };
  return JSON.stringify(options);
}

/** Added to any time, it stays a whole number. */
const LONGEST_MS = 1e14;

const storableDuration = (durationMs: number | undefined): number | undefined =>
  durationMs === undefined ? undefined : Math.min(Math.max(Math.ceil(durationMs), 0), LONGEST_MS);
