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
  readonly told: string[];
}

interface Change {
  /** Given back by its holder, or ended by it: "released". Against its will: "lost". */
  readonly what: "claimed" | "released" | "lost" | "answered";
  readonly run: RunKey;
  readonly generation: number;
  readonly entry?: JournalEntry | undefined;
}

/**
 * The runs that this process holds, for telling their holders what others do to them. Changes are collected during a
 * transaction and count from its commit.
 */
export class HeldRuns {
  readonly #holds = new Map<RunKey, Hold>();
  #changes: Change[] = [];

  note(what: Change["what"], { pk, generation }: RunRow, entry?: JournalEntry): void {
    this.#changes.push({ what, run: pk, generation, entry });
  }

  /** The transaction is on disk. @returns what holders should hear of */
  committed(): HeldNews[] {
    const news: HeldNews[] = [];
    for (const { what, run, generation, entry } of this.#changes) {
      const hold = this.#holds.get(run);
      if (what === "claimed") {
        this.#holds.set(run, { generation, told: [] });
      } else if (hold?.generation === generation) {
        if (entry) {
          hold.told.push(entry.key);
          news.push({ run, generation, held: true, answered: [entry] });
        } else {
          this.#holds.delete(run);
          if (what === "lost") news.push({ run, generation, held: false, answered: [] });
        }
      }
    }
    this.rolledBack();
    return news;
  }

  rolledBack(): void {
    if (this.#changes.length > 0) this.#changes = [];
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
          .filter(({ key }) => !told.includes(key));
        told.push(...answered.map(({ key }) => key));
        if (answered.length > 0) news.push({ run, generation, held: true, answered });
      }
    }
    return news;
  }
}
