import type { RunKey } from "../run-store.ts";
import { cancelWithChildren } from "./cancel-children.ts";
import type { RunRow } from "./run-row.ts";
import type { RunTransaction } from "./transaction.ts";

const HOLDER = "SELECT run FROM run_singleton WHERE function = ? AND key = ?";
const TAKE = "INSERT INTO run_singleton (function, key, run) VALUES (?, ?, ?)";

/**
 * Makes room for a run with a singleton's key: cancels the holder, if that is the mode.
 * @returns the holder because of which the run has to be skipped
 */
export function clearSingleton(
  tx: RunTransaction,
  fn: number,
  { key, mode }: NonNullable<RunRow["options"]["singleton"]>,
  now: number,
): RunRow | undefined {
  const pk = tx.sql(HOLDER).get(fn, key)?.[0] as RunKey | undefined;
  if (pk === undefined) return undefined;
  const holder = tx.run(pk)!;
  if (mode === "skip") return holder;
  cancelWithChildren(tx, holder, "a newer run of the singleton started", now);
  return undefined;
}

/** Takes the key for as long as the run lives. The caller sets `Extra.singleton`. */
export function takeSingleton(tx: RunTransaction, row: RunRow, key: string): void {
  tx.sql(TAKE).run(row.function, key, row.pk);
}
