import type { Connection, SqlValue } from "../storage/sqlite/connection.ts";
import { State } from "./states.ts";

/** Most rows of one INSERT. More gain nothing. */
const MOST = 32;
/** How many rows one INSERT takes: few sizes, so that few statements are prepared. */
const SIZES = [MOST, 8, 1] as const;

/** Rows for one table that are inserted together. */
class Rows {
  readonly #width: number;
  readonly #inserts: readonly (readonly [size: number, text: string])[];
  #values: SqlValue[] = [];

  /** @param row the values of a row as SQL, with `?` for what each brings */
  constructor(table: string, row: string) {
    this.#width = row.split("?").length - 1;
    this.#inserts = SIZES.map((size) => [
      size,
      `INSERT INTO ${table} VALUES ${Array.from({ length: size }, () => row).join(", ")}`,
    ]);
  }

  /** @returns whether so many wait that they should be written */
  add(...values: SqlValue[]): boolean {
    this.#values.push(...values);
    return this.#values.length >= MOST * this.#width;
  }

  write(connection: Connection): void {
    const values = this.#values;
    if (values.length === 0) return;
    this.#values = [];
    let at = 0;
    for (const [size, text] of this.#inserts) {
      const length = size * this.#width;
      for (; values.length - at >= length; at += length) {
        const part = values.length === length ? values : values.slice(at, at + length);
        connection.sql(text).run(...part);
      }
    }
  }

  clear(): void {
    this.#values = [];
  }
}

const LAST_JOB = "SELECT coalesce(max(pk), 0) FROM job";
const RELEASE = "DELETE FROM active WHERE queue = ? AND job BETWEEN ? AND ?";

/**
 * What adding, claiming and finishing plain jobs writes, put off so that one statement writes many rows: that costs half
 * of a statement a row. It is written before any other statement of the transaction looks at or changes anything
 * (`QueueTransaction.sql`), and at its end, so that nobody can tell.
 */
export class DeferredRows {
  readonly #connection: Connection;
  readonly #jobs = new Rows(
    "job (pk, queue, id, state, major, minor, name, data, opts, timestamp, delay, priority)",
    // Drivers bind numbers as floating-point, which a column without a type would keep.
    `(?, ?, CAST(? AS INTEGER), ${State.waiting}, 0, ?, ?, ?, ?, ?, 0, 0)`,
  );
  readonly #places = new Rows(
    "pending (queue, state, major, minor, job)",
    `(?, ${State.waiting}, 0, ?, ?)`,
  );
  readonly #locks = new Rows(
    "active (queue, job, token, locked_until, owner, processed_on, processed_by, rank)",
    "(?, ?, ?, ?, ?, ?, ?, ?)",
  );
  readonly #outcomes = new Rows(
    "finished (job, queue, state, finished_on, processed_on, processed_by, result)",
    `(?, ?, ${State.completed}, ?, ?, ?, ?)`,
  );
  /** Jobs whose locks go, by queue. */
  readonly #released = new Map<number, number[]>();
  #lastJob: number | undefined;
  /** Whether anything waits to be written. */
  pending = false;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** The row number of the next job. */
  nextJob(): number {
    this.#lastJob ??= this.#connection.sql(LAST_JOB).get()![0] as number;
    return ++this.#lastJob;
  }

  /** A job with a counted id, to run at once and without priority. */
  job(
    pk: number,
    queue: number,
    id: number,
    rank: number,
    name: string,
    data: string,
    opts: string,
    timestamp: number,
  ): void {
    this.pending = true;
    if (this.#jobs.add(pk, queue, id, rank, name, data, opts, timestamp))
      this.#jobs.write(this.#connection);
    if (this.#places.add(queue, rank, pk)) this.#places.write(this.#connection);
  }

  lock(
    queue: number,
    pk: number,
    token: string | null,
    until: number,
    owner: number,
    processedOn: number,
    processedBy: string | null,
    rank: number,
  ): void {
    this.pending = true;
    if (this.#locks.add(queue, pk, token, until, owner, processedOn, processedBy, rank))
      this.#locks.write(this.#connection);
  }

  /** Takes the lock of a job away. */
  release(queue: number, pk: number): void {
    this.pending = true;
    const jobs = this.#released.get(queue);
    if (jobs) jobs.push(pk);
    else this.#released.set(queue, [pk]);
  }

  completed(
    pk: number,
    queue: number,
    finishedOn: number,
    processedOn: number | null,
    processedBy: string | null,
    result: string,
  ): void {
    this.pending = true;
    if (this.#outcomes.add(pk, queue, finishedOn, processedOn, processedBy, result))
      this.#outcomes.write(this.#connection);
  }

  write(): void {
    this.pending = false;
    this.#jobs.write(this.#connection);
    this.#places.write(this.#connection);
    this.#locks.write(this.#connection);
    this.#writeReleased();
    this.#outcomes.write(this.#connection);
  }

  /** Jobs that were added together are mostly finished together: each run of row numbers is one DELETE. */
  #writeReleased(): void {
    for (const [queue, jobs] of this.#released) {
      jobs.sort((one, other) => one - other);
      let first = jobs[0]!;
      for (let index = 0; index < jobs.length; index++) {
        const job = jobs[index]!;
        const next = jobs[index + 1];
        if (next === job + 1) continue;
        this.#connection.sql(RELEASE).run(queue, first, job);
        first = next!;
      }
    }
    this.#released.clear();
  }

  /** Nothing of it happened, or another process may have added jobs. */
  forget(): void {
    this.pending = false;
    this.#released.clear();
    this.#lastJob = undefined;
    for (const rows of [this.#jobs, this.#places, this.#locks, this.#outcomes]) rows.clear();
  }
}
