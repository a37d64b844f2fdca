import type { Reason } from "../../../runs/browse/why.ts";
import { isoOrNull } from "./fields.ts";
import type { RunDetail } from "./show-run.ts";

/** Why a run does not run, with null where a kind of reason says nothing. */
export function showReason(reason: Reason): RunDetail["waitsFor"][number] {
  const said: Partial<Record<string, string | number>> = { ...reason };
  const textOf = (name: string): string | null => (said[name] as string | undefined) ?? null;
  const countOf = (name: string): number | null => (said[name] as number | undefined) ?? null;
  return {
    kind: reason.kind,
    name: textOf("name"),
    step: textOf("step"),
    until: isoOrNull(said["until"] as number | undefined),
    queue: textOf("queue"),
    ahead: countOf("ahead"),
    held: countOf("held"),
    limit: countOf("limit"),
    missing: countOf("missing"),
  };
}
