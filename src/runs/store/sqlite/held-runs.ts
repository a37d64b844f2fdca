import type { Statement } from "../../../storage/sqlite/connection.ts";
import type { JournalEntry } from "../../types.ts";
import type { HeldNews, RunKey } from "../run-store.ts";
import { Channel, Purpose, State } from "./codes.ts";
import { entryByKey } from "./journal.ts";
import type { RunRow } from "./run-row.ts";

const LEASE = "SELECT generation, state, news FROM run WHERE pk = ?";
const ANSWERED = `SELECT entry FROM run_wait
  WHERE run = ? AND purpose = ${Purpose.step} AND channel = ${Channel.answered} AND answered = ? ORDER BY entry`;

interface Hold {
  readonly generation: number;
  /** Steps whose answers the holder has been told of. */
  readonly told: Set<string>;
}

/**
 * The runs that this process holds, for telling their holders what others do to them. Changes are collected during a
 * transaction and count from its commit.
 */
export class HeldRuns {
  readonly #holds = new Map<RunKey, Hold>();
  #claimed: RunRow[] = [];
  #released: RunRow[] = [];
  #answered: { readonly row: RunRow; readonly entry: JournalEntry }[] = [];
  #lost: RunRow[] = [];

  claimed(row: RunRow): void {
    this.#claimed.push(row);
  }

  /** Its holder gave the run back, or ended it. */
  released(row: RunRow): void {
    this.#released.push(row);
  }

  /** Somebody else ended the run, or took it. */
  lost(row: RunRow): void {
    this.#lost.push(row);
  }

  answered(row: RunRow, entry: JournalEntry): void {
    this.#answered.push({ row, entry });
  }

  /** The transaction is on disk. @returns what holders should hear of */
  committed(): HeldNews[] {
    for (const { pk, generation } of this.#claimed)
      this.#holds.set(pk, { generation, told: new Set() });
    for (const { pk } of this.#released) this.#holds.delete(pk);
    const news: HeldNews[] = [];
    for (const { pk, generation } of this.#lost)
      if (this.#holds.delete(pk)) news.push({ run: pk, generation, held: false, answered: [] });
    for (const { row, entry } of this.#answered) {
      const hold = this.#holds.get(row.pk);
      if (hold?.generation !== row.generation) continue;
      hold.told.add(entry.key);
      news.push({ run: row.pk, generation: row.generation, held: true, answered: [entry] });
    }
    this.rolledBack();
    return news;
  }

  rolledBack(): void {
    if (this.#claimed.length > 0) this.#claimed = [];
    if (this.#released.length > 0) this.#released = [];
    if (this.#answered.length > 0) this.#answered = [];
    if (this.#lost.length > 0) this.#lost = [];
  }

  /** Looks for what other processes did. */
  check(tx: { sql(text: string): Statement }): HeldNews[] {
    const news: HeldNews[] = [];
    for (const [run, { generation, told }] of this.#holds) {
      const lease = tx.sql(LEASE).get(run) as [number, number, number] | undefined;
      if (lease?.[0] !== generation || lease[1] !== State.running) {
        this.#holds.delete(run);
        news.push({ run, generation, held: false, answered: [] });
      } else if (lease[2] > 0) {
        const answered = (tx.sql(ANSWERED).all(run, generation) as [number][])
          .map(([entry]) => entryByKey(tx, entry))
          .filter(({ key }) => !told.has(key));
        for (const { key } of answered) told.add(key);
        if (answered.length > 0) news.push({ run, generation, held: true, answered });
      }
    }
    return news;
  }
}
