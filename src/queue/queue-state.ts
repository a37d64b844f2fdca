import type { Connection } from "../storage/sqlite/connection.ts";
import { WaitingLine } from "./process/waiting-line.ts";
import { encodeCustomEvent, encodeEvent, type EventKind } from "./events/codec.ts";

/** BullMQ keeps about this many events of a queue unless `streams.events.maxLen` says otherwise. */
const DEFAULT_MAX_EVENTS = 10_000;
/** What live readers need to follow a queue that is told to keep no events. */
const LEAST_EVENTS = 1000;
/** Trimming starts when this share above the maximum is reached, so that it is rare and works on many rows. */
const TRIM_SLACK = 1.25;

const COLUMNS = [
  "last_job_id",
  "last_rank",
  "first_rank",
  "last_event",
  "event_count",
  "waiting",
  "prioritized",
  "delayed",
  "waiting_children",
  "active",
  "completed",
  "failed",
  "limiter_count",
  "limiter_until",
  "stalled_check_until",
] as const;
const SELECT = `SELECT id, meta, ${COLUMNS.join(", ")} FROM queue WHERE prefix = ? AND name = ?`;
const UPDATE = `UPDATE queue SET ${COLUMNS.map((column) => `${column} = ?`).join(", ")} WHERE id = ?`;
const UPDATE_META = "UPDATE queue SET meta = ? WHERE id = ?";
const INSERT_EVENTS = "INSERT INTO event (queue, sequence, count, body) VALUES (?, ?, ?, ?)";
const OLDEST_EVENTS =
  "SELECT sequence, count FROM event WHERE queue = ? ORDER BY sequence LIMIT 64";
const DELETE_EVENTS = "DELETE FROM event WHERE queue = ? AND sequence <= ?";

/** What a worker holds while it processes a job: enough to finish the job without reading its row again. */
export interface Claim {
  readonly pk: number;
  readonly token: string;
  readonly processedOn: number;
  readonly processedBy: string | null;
  /** Always: what is claimed as plain has nothing hanging on it. */
  readonly extras: 0;
}

/**
 * Counters, metadata and pending events of one queue, held in memory for as long as no other process commits, and
 * written once per transaction. Mutate it only inside a transaction (`SqliteStore.write`).
 */
export class QueueState {
  readonly id: number;
  readonly prefix: string;
  readonly name: string;
  /** BullMQ's logical name of the queue, `<prefix>:<name>`. */
  readonly key: string;
  lastJobId = 0;
  lastRank = 0;
  firstRank = 0;
  lastEvent = 0;
  eventCount = 0;
  waiting = 0;
  prioritized = 0;
  delayed = 0;
  waitingChildren = 0;
  active = 0;
  completed = 0;
  failed = 0;
  /** Claims counted in the current limiter window. */
  limiterCount = 0;
  /** End of the limiter window; 0 when none is running. */
  limiterUntil = 0;
  /** No stalled check before this time. */
  stalledCheckUntil = 0;
  /** Due time of the first delayed job; `Infinity` without any, `undefined` when it has to be looked up. */
  nextDue: number | undefined = undefined;
  /** The head of the waiting line, read ahead. */
  readonly line: WaitingLine;
  /** Plain jobs claimed by this process, by id: those that can be finished without a look at their row. */
  readonly claims = new Map<string, Claim>();

  #meta: Record<string, string>;
  #metaChanged = false;
  #events = "";
  #newEvents = 0;

  private constructor(
    tx: Pick<Connection, "sql">,
    prefix: string,
    name: string,
    row: readonly unknown[],
  ) {
    this.prefix = prefix;
    this.name = name;
    this.key = `${prefix}:${name}`;
    const n = row as number[];
    this.id = n[0]!;
    this.line = new WaitingLine(tx, this.id);
    this.#meta = JSON.parse(row[1] as string) as Record<string, string>;
    this.lastJobId = n[2]!;
    this.lastRank = n[3]!;
    this.firstRank = n[4]!;
    this.lastEvent = n[5]!;
    this.eventCount = n[6]!;
    this.waiting = n[7]!;
    this.prioritized = n[8]!;
    this.delayed = n[9]!;
    this.waitingChildren = n[10]!;
    this.active = n[11]!;
    this.completed = n[12]!;
    this.failed = n[13]!;
    this.limiterCount = n[14]!;
    this.limiterUntil = n[15]!;
    this.stalledCheckUntil = n[16]!;
  }

  /** Reads a queue's row; `undefined` if nothing was ever stored under that name. */
  static load(tx: Pick<Connection, "sql">, prefix: string, name: string): QueueState | undefined {
    const row = tx.sql(SELECT).get(prefix, name);
    return row && new QueueState(tx, prefix, name, row);
  }

  /** BullMQ's queue metadata: `paused`, `concurrency`, `max`, `duration`, `opts.maxLenEvents`, `version`, … */
  get meta(): Readonly<Record<string, string>> {
    return this.#meta;
  }

  set meta(meta: Readonly<Record<string, string>>) {
    this.#meta = meta;
    this.#metaChanged = true;
  }

  get isPaused(): boolean {
    return this.#meta["paused"] !== undefined;
  }

  /** Whether the global concurrency limit is reached. */
  get isMaxed(): boolean {
    const limit = this.#meta["concurrency"];
    return limit !== undefined && this.active >= Number(limit);
  }

  /** Whether a worker that asked now would be given a job that already waits. */
  get isClaimable(): boolean {
    return this.waiting + this.prioritized > 0 && !this.isPaused && !this.isMaxed;
  }

  /** A job changed, other than by being added, claimed or finished: nothing remembered of it holds. */
  jobChanged(id: string): void {
    this.claims.delete(id);
    this.line.forget();
  }

  /** The next place at the back of a line. */
  nextRank(): number {
    return ++this.lastRank;
  }

  /** The next place at the front of a line. */
  frontRank(): number {
    return --this.firstRank;
  }

  /** Records an event; it is stored, and seen by others, with the commit. */
  emit(kind: EventKind, a?: string, b?: string, c?: string): void {
    this.#events += encodeEvent(kind, a, b, c);
    this.#newEvents++;
  }

  /** Records a custom event from the names and values of its fields in turn. */
  emitCustom(fields: readonly string[]): string {
    this.#events += encodeCustomEvent(fields);
    return `${this.lastEvent + 1}-${this.#newEvents++}`;
  }

  /** Writes counters and events. Last thing in a transaction that touched the queue. */
  flush(connection: Connection): void {
    this.line.settle();
    if (this.#newEvents > 0) this.#flushEvents(connection);
    connection
      .sql(UPDATE)
      .run(
        this.lastJobId,
        this.lastRank,
        this.firstRank,
        this.lastEvent,
        this.eventCount,
        this.waiting,
        this.prioritized,
        this.delayed,
        this.waitingChildren,
        this.active,
        this.completed,
        this.failed,
        this.limiterCount,
        this.limiterUntil,
        this.stalledCheckUntil,
        this.id,
      );
    if (this.#metaChanged) {
      connection.sql(UPDATE_META).run(JSON.stringify(this.#meta), this.id);
      this.#metaChanged = false;
    }
  }

  #flushEvents(connection: Connection): void {
    connection.sql(INSERT_EVENTS).run(this.id, ++this.lastEvent, this.#newEvents, this.#events);
    this.eventCount += this.#newEvents;
    const max = this.#maxEvents();
    if (this.eventCount > max * TRIM_SLACK) this.trimEvents(connection, max);
    this.#events = "";
    this.#newEvents = 0;
  }

  #maxEvents(): number {
    const max = this.#meta["opts.maxLenEvents"];
    return max === undefined ? DEFAULT_MAX_EVENTS : Number(max) || LEAST_EVENTS;
  }

  /**
   * Removes the oldest events until about `max` are left: whole rows, and never fewer than `max` remain.
   * @returns how many were removed
   */
  trimEvents(connection: Connection, max: number): number {
    const before = this.eventCount;
    for (;;) {
      const rows = connection.sql(OLDEST_EVENTS).all(this.id) as [number, number][];
      let last: number | undefined;
      for (const [sequence, count] of rows) {
        if (this.eventCount - count < max) break;
        this.eventCount -= count;
        last = sequence;
      }
      if (last === undefined) break;
      connection.sql(DELETE_EVENTS).run(this.id, last);
      if (last !== rows.at(-1)?.[0]) break;
    }
    return before - this.eventCount;
  }
}
