import type { StepKind } from "../../types.ts";
import type { JournalWrite, StepEffect } from "../run-store.ts";
import { toStartResult } from "../start-results.ts";
import { answerStep, closeStepWait } from "./answer.ts";
import { Channel, State } from "./codes.ts";
import { failures } from "./failures.ts";
import { writeEntry } from "./journal.ts";
import type { RunRow } from "./run-row.ts";
import { startRun } from "./start.ts";
import { createToken, openToken } from "./tokens.ts";
import type { RunTransaction } from "./transaction.ts";
import { openChildren, openRuns } from "./wait-for-runs.ts";
import { addStepWait } from "./waits.ts";

const SIGNAL_WAIT = `SELECT run, key, until FROM run_wait
  WHERE channel = ${Channel.signal} AND name = ? AND path = '' AND value = ''`;
const SILENCE = `UPDATE run_wait SET channel = ${Channel.replaced} WHERE run = ? AND purpose = 0 AND key = ?`;

/**
 * Writes entries of a run that is held, and what they open, close and cause.
 * @returns the data that effects filled in, in the order of the writes that have one; undefined if none has
 */
export function writeSteps(
  tx: RunTransaction,
  row: RunRow,
  writes: readonly JournalWrite[],
  now: number,
): string[] | undefined {
  if (writes.length > 0) tx.noted(row);
  let filled: string[] | undefined;
  for (const { entry, wait, effect } of writes) {
    if (effect) {
      const data = cause(tx, effect, now);
      (filled ??= []).push(data);
      // What a run starts may cancel it: a singleton that starts itself.
      if (row.state !== State.running) return filled;
      writeEntry(tx, row.pk, { ...entry, data });
      continue;
    }
    const pk = writeEntry(tx, row.pk, entry);
    if (wait) openWait(tx, row, { entry, wait }, pk, now);
    else if (isWaitKind[entry.kind] && entry.state !== "pending") closeStepWait(tx, row, entry.key);
    if (row.state !== State.running) return filled;
  }
  return filled;
}

const isWaitKind: Readonly<Record<StepKind, boolean>> = {
  run: false,
  sleep: false,
  send: false,
  event: true,
  signal: true,
  invoke: true,
  start: false,
  child: true,
  token: true,
  createToken: false,
  group: false,
  attempt: false,
};

/** Does what a step does in the commit of its entry. @returns the entry's data */
function cause(tx: RunTransaction, effect: StepEffect, now: number): string {
  if (effect.kind === "createToken") return JSON.stringify(createToken(tx, effect.token, now));
  const results = effect.starts.map((start) =>
    toStartResult(start.runId, startRun(tx, start, now)),
  );
  return JSON.stringify(results);
}

/** Stores what a step waits for. An answer that is known already is given at once. */
function openWait(
  tx: RunTransaction,
  row: RunRow,
  { entry: { key, dueAt }, wait }: JournalWrite,
  entry: number,
  now: number,
): void {
  const until = dueAt ?? Infinity;
  switch (wait!.kind) {
    case "event":
      return addStepWait(tx, row, { key, entry, channel: Channel.event, wait: wait!.wait });
    case "signal":
      return openSignal(tx, row, { key, entry, until, now, ...wait! });
    case "children":
      return openChildren(tx, row, { key, entry, until, now }, wait!.starts);
    case "runs":
      return openRuns(tx, row, { key, entry, until, now }, wait!.runIds);
    case "token":
      return openToken(tx, row, { key, entry, until, now }, wait!.tokenId);
    case "invoke": {
      const { start } = wait!;
      const name = start.runId;
      const spec = { event: name, equals: [], until };
      addStepWait(tx, row, { key, entry, channel: Channel.invoke, wait: spec });
      startRun(tx, { ...start, invokedBy: { run: row.pk, stepKey: key } }, now);
    }
  }
}

interface SignalWait {
  readonly key: string;
  readonly entry: number;
  readonly until: number;
  readonly now: number;
  readonly signal: string;
  readonly onConflict: "fail" | "replace";
}

/** One run at a time waits for a signal. The one that is replaced hears nothing until its time limit. */
function openSignal(
  tx: RunTransaction,
  row: RunRow,
  { key, entry, until, now, signal, onConflict }: SignalWait,
): void {
  const others = tx.sql(SIGNAL_WAIT).all(signal) as [number, string, number][];
  const open = others.filter(([, , until]) => now < until);
  const wait = { event: signal, equals: [], until };
  if (open.length > 0 && onConflict === "replace")
    for (const [run, otherKey] of open) tx.sql(SILENCE).run(run, otherKey);
  const isTaken = open.length > 0 && onConflict === "fail";
  const channel = isTaken ? Channel.replaced : Channel.signal;
  addStepWait(tx, row, { key, entry, channel, wait });
  if (isTaken) answerStep(tx, row.pk, key, { error: failures.signalTaken(signal) }, now);
}
