import type { Statement } from "../../../storage/sqlite/connection.ts";

const SETTING = "SELECT base, override, is_paused FROM run_queue WHERE name = ?";
const ANY_SPECIAL = `SELECT 1 FROM run_queue INDEXED BY run_queue_special
  WHERE is_paused = 1 OR base IS NOT NULL OR override IS NOT NULL LIMIT 1`;

type Sql = { sql(text: string): Statement };

/** What is said about a queue. */
export interface QueueSetting {
  readonly base: number | undefined;
  readonly override: number | undefined;
  readonly isPaused: boolean;
}

/** What is said about queues, remembered until another process commits, or something is said anew. */
export class QueueSettings {
  readonly #known = new Map<string, QueueSetting | null>();
  #anySpecial: boolean | undefined;

  /** Whether anything is said about any queue that its slots do not say. */
  anySpecial(tx: Sql): boolean {
    return (this.#anySpecial ??= tx.sql(ANY_SPECIAL).get() !== undefined);
  }

  get(tx: Sql, name: string): QueueSetting | undefined {
    if (!this.anySpecial(tx)) return undefined;
    let setting = this.#known.get(name);
    if (setting === undefined) this.#known.set(name, (setting = read(tx, name)));
    return setting ?? undefined;
  }

  /** How many may run now; undefined if that is what the slot says. */
  limitOf(tx: Sql, name: string): number | undefined {
    const setting = this.get(tx, name);
    return setting?.isPaused ? 0 : (setting?.override ?? setting?.base);
  }

  forget(): void {
    this.#anySpecial = undefined;
    if (this.#known.size > 0) this.#known.clear();
  }
}

function read(tx: Sql, name: string): QueueSetting | null {
  const row = tx.sql(SETTING).get(name) as [number | null, number | null, number] | undefined;
  if (row === undefined) return null;
  const [base, override, isPaused] = row;
  return { base: base ?? undefined, override: override ?? undefined, isPaused: isPaused === 1 };
}
