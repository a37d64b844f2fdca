import { refuse } from "../../../storage/sqlite/store.ts";
import { checkTags } from "../checks.ts";
import type { RunKey } from "../run-store.ts";
import type { TagStore } from "../tag-store.ts";
import { noteBelongings, setTags, tagsOf } from "./details.ts";
import type { RunTransaction } from "./transaction.ts";

const RUN = "SELECT pk FROM run WHERE id = ?";

/** Adds tags to a run. @returns all it has; undefined if there is none */
export function addTags(
  tx: RunTransaction,
  { runId, tags }: Parameters<TagStore["add"]>[0],
): readonly string[] | undefined {
  const run = tx.sql(RUN).get(runId)?.[0] as RunKey | undefined;
  if (run === undefined) return undefined;
  const known = tagsOf(tx, run);
  const all = [...new Set([...known, ...tags])];
  if (all.length === known.length) return known;
  refusing(() => checkTags(all));
  const row = tx.run(run)!;
  noteBelongings(tx, row);
  setTags(tx, run, all);
  tx.touched(row);
  return all;
}

/** Runs a check that throws what is wrong with a request; nothing is written yet. */
function refusing(check: () => void): void {
  try {
    check();
  } catch (error) {
    throw refuse(error as Error);
  }
}
