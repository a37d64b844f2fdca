import type { Connection, SqlValue } from "../../storage/sqlite/connection.ts";
import { PLAIN_JOB_COLUMNS } from "../jobs/job-json.ts";
import { State } from "../states.ts";

/** How many jobs are read ahead: more each time in a row that they are used up. */
const SIZES = [1, 2, 4, 8, 16, 32, 64] as const;
/** Payloads beyond this many characters are not read further ahead. */
const MOST_CHARACTERS = 65_536;

const HEAD = `SELECT ${PLAIN_JOB_COLUMNS}, pending.major, pending.minor
  FROM pending CROSS JOIN job ON job.pk = pending.job
  WHERE pending.queue = ? AND pending.state = ${State.waiting} ORDER BY pending.major, pending.minor LIMIT`;
const HEADS = SIZES.map((size) => `${HEAD} ${size}`);
const TAKE = `DELETE FROM pending WHERE queue = ? AND state = ${State.waiting} AND major = ? AND minor <= ?`;

/** Columns of a row: those of PLAIN_JOB_COLUMNS, then the place. */
const DATA = 3;
export const IS_PLAIN = 7;
export const MAJOR = 8;
const MINOR = 9;

/**
 * The head of a queue's waiting line, read ahead, because claiming jobs one row at a time costs more than all else that
 * is done to them. What was taken leaves the table once a transaction (`settle`), as one range.
 *
 * It may be remembered from one transaction to the next for as long as nothing else touches the line: whoever places a
 * job before its end (`placed`), or changes jobs in any way but adding, claiming and finishing (`forget`), ends that.
 */
export class WaitingLine {
  readonly #tx: Pick<Connection, "sql">;
  readonly #queue: number;
  #rows: SqlValue[][] = [];
  #next = 0;
  #size = 0;
  /** The last place taken whose row, and all before it of the same priority, are still in the table. */
  #takenMajor = -1;
  #takenMinor = 0;

  constructor(tx: Pick<Connection, "sql">, queue: number) {
    this.#tx = tx;
    this.#queue = queue;
  }

  /** The first job of the line, taken out of it. There must be one. */
  take(): SqlValue[] {
    if (this.#next === this.#rows.length) this.#read();
    const row = this.#rows[this.#next++]!;
    const major = row[MAJOR] as number;
    if (major !== this.#takenMajor) {
      this.settle();
      this.#takenMajor = major;
    }
    this.#takenMinor = row[MINOR] as number;
    return row;
  }

  #read(): void {
    this.settle();
    this.#rows =
      this.#size === 0
        ? [this.#tx.sql(HEADS[0]!).get(this.#queue)!]
        : this.#tx.sql(HEADS[this.#size]!).all(this.#queue);
    this.#next = 0;
    let characters = 0;
    for (const row of this.#rows) characters += (row[DATA] as string).length;
    if (characters > MOST_CHARACTERS) this.#size = 0;
    else if (this.#size < SIZES.length - 1) this.#size++;
  }

  /** Removes from the table what was taken. Before anything else looks at it, and before the commit. */
  settle(): void {
    if (this.#takenMajor < 0) return;
    this.#tx.sql(TAKE).run(this.#queue, this.#takenMajor, this.#takenMinor);
    this.#takenMajor = -1;
  }

  /** A job is about to be placed: what was read ahead stands if that is behind it. */
  placed(major: number, minor: number): void {
    const last = this.#rows.at(-1);
    if (last === undefined) return;
    if (isBehind(major, minor, last[MAJOR] as number, last[MINOR] as number)) return;
    this.forget();
  }

  /** Something changes that may concern the jobs read ahead. */
  forget(): void {
    this.settle();
    this.#rows = [];
    this.#next = 0;
    this.#size = 0;
  }
}

const isBehind = (major: number, minor: number, otherMajor: number, otherMinor: number): boolean =>
  major > otherMajor || (major === otherMajor && minor > otherMinor);
