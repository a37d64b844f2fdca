import type { SqlValue } from "../../storage/sqlite/connection.ts";
import { queueOfSlot, taskQueueName } from "../store/queue-store.ts";
import { Channel, Purpose, State, type StateCode } from "../store/sqlite/codes.ts";
import type { Reader } from "./reader.ts";

/** Why a run does not run. */

const RUN = "SELECT pk, state, function, score, parked, slots, due_at FROM run WHERE id = ?";
const AHEAD = `SELECT count(*) FROM (SELECT 1 FROM run_ready WHERE function = ? AND (score, run) < (?, ?)
  LIMIT 1000)`;
const PARKED_AHEAD = `SELECT count(*) FROM (SELECT 1 FROM run_parked WHERE key = ? AND (score, run) < (?, ?)
  LIMIT 1000)`;
const SLOT = "SELECT held, max FROM run_slot WHERE key = ?";
const QUEUE = "SELECT is_paused, coalesce(override, base) FROM run_queue WHERE name = ?";
const FUNCTION = "SELECT id FROM run_function WHERE pk = ?";
const SERVED = "SELECT 1 FROM run_serving WHERE function = ? LIMIT 1";
const WAITS = `SELECT key, channel, name, until, missing FROM run_wait
  WHERE run = ? AND purpose = ${Purpose.step} LIMIT 100`;

/** One reason. Times are epoch ms. */
export type Reason =
  | { readonly kind: "delayed"; readonly until: number }
  /** In line behind so many runs of the function, at most 1,000, and no limit holds it back. */
  | { readonly kind: "line"; readonly ahead: number }
  /** No running process executes its function. */
  | { readonly kind: "unserved"; readonly ahead: number }
  | { readonly kind: "paused"; readonly queue: string }
  | {
      readonly kind: "concurrency";
      readonly queue?: string | undefined;
      readonly held: number;
      readonly limit: number;
      readonly ahead: number;
    }
  | { readonly kind: "throttle"; readonly ahead: number }
  | { readonly kind: "sleep"; readonly until: number }
  | {
      readonly kind: "event" | "signal" | "token" | "run";
      readonly step: string;
      readonly name: string;
      readonly until?: number | undefined;
    }
  | { readonly kind: "runs"; readonly step: string; readonly missing: number };

/** What holds a run up; empty if it runs, or is over. */
export async function whyWaiting(reader: Reader, id: string): Promise<Reason[]> {
  const [row] = await reader.query(RUN, [id]);
  if (row === undefined) return [];
  const [pk, state, fn, score, parked, slots, dueAt] = row as [
    number,
    StateCode,
    number,
    number,
    string | null,
    string | null,
    number | null,
  ];
  if (state === State.delayed) return dueAt === null ? [] : [{ kind: "delayed", until: dueAt }];
  if (state === State.queued)
    return parked === null
      ? inLine(reader, fn, score, pk)
      : [await heldBack(reader, { parked, slots, score, pk })];
  return state === State.waiting ? waitsOf(reader, pk, dueAt) : [];
}

async function inLine(reader: Reader, fn: number, score: number, pk: number): Promise<Reason[]> {
  const [[name], ahead, served] = await Promise.all([
    reader.query(FUNCTION, [fn]),
    countOf(reader, AHEAD, [fn, score, pk]),
    reader.query(SERVED, [fn]),
  ]);
  const queue = taskQueueName(name![0] as string);
  const [settings] = await reader.query(QUEUE, [queue]);
  if (settings?.[0] === 1) return [{ kind: "paused", queue }];
  return [{ kind: served.length === 0 ? "unserved" : "line", ahead }];
}

interface Parked {
  readonly parked: string;
  readonly slots: string | null;
  readonly score: number;
  readonly pk: number;
}

async function heldBack(reader: Reader, { parked, slots, score, pk }: Parked): Promise<Reason> {
  const ahead = await countOf(reader, PARKED_AHEAD, [parked, score, pk]);
  if (!parked.startsWith("slot:")) return { kind: "throttle", ahead };
  const key = parked.slice("slot:".length);
  const queue = queueOfSlot(key);
  const [[slot], [settings]] = await Promise.all([
    reader.query(SLOT, [key]),
    queue === undefined ? [] : reader.query(QUEUE, [queue]),
  ]);
  if (queue !== undefined && settings?.[0] === 1) return { kind: "paused", queue };
  const own = (JSON.parse(slots ?? "[]") as { key: string; limit: number }[]).find(
    (claim) => claim.key === key,
  );
  const [held, max] = (slot ?? [0, own?.limit ?? 0]) as [number, number];
  const limit = (settings?.[1] as number | null | undefined) ?? max;
  return { kind: "concurrency", ...(queue !== undefined && { queue }), held, limit, ahead };
}

async function waitsOf(reader: Reader, pk: number, dueAt: number | null): Promise<Reason[]> {
  const reasons = (await reader.query(WAITS, [pk])).flatMap((row): Reason[] => {
    const [step, channel, name, until, missing] = row as [string, number, string, number, number];
    const kind = KINDS.get(channel);
    if (kind === "runs") return [{ kind, step, missing }];
    if (kind === undefined) return [];
    return [{ kind, step, name, ...(until < LAST_TIME && { until }) }];
  });
  const isTimed = dueAt !== null && dueAt < LAST_TIME;
  return isTimed && !reasons.some((reason) => "until" in reason && reason.until === dueAt)
    ? [...reasons, { kind: "sleep", until: dueAt }]
    : reasons;
}

const KINDS: ReadonlyMap<number, "event" | "signal" | "token" | "run" | "runs"> = new Map([
  [Channel.event, "event"],
  [Channel.signal, "signal"],
  [Channel.token, "token"],
  [Channel.invoke, "run"],
  [Channel.runs, "runs"],
]);
/** Dates end here; what is later is never. */
const LAST_TIME = 8.64e15;

async function countOf(reader: Reader, sql: string, params: SqlValue[]): Promise<number> {
  const [row] = await reader.query(sql, params);
  return row![0] as number;
}
