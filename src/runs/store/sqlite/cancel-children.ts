import type { RunKey } from "../run-store.ts";
import { isFinal, State } from "./codes.ts";
import { endRun } from "./end.ts";
import { failures } from "./failures.ts";
import type { RunRow } from "./run-row.ts";
import type { RunTransaction } from "./transaction.ts";

const CHILDREN = "SELECT run FROM run_detail WHERE parent = ?";

/**
 * Cancels a run and all that it started as its children, and they theirs, that have not ended. Parents go first, so that
 * no child's end wakes one.
 */
export function cancelWithChildren(
  tx: RunTransaction,
  row: RunRow,
  reason: string,
  now: number,
): void {
  const family: [run: RunKey, reason: string][] = [[row.pk, reason]];
  for (const [pk, why] of family) {
    // Read anew: the end of one may move others, by the slot that it frees.
    const member = pk === row.pk ? row : tx.run(pk);
    if (member === undefined || isFinal(member.state)) continue;
    endRun(tx, member, { state: State.canceled, error: failures.canceled(why) }, now);
    for (const [child] of tx.sql(CHILDREN).all(member.id) as [RunKey][])
      family.push([child, `its parent ${member.id} was canceled`]);
  }
}
