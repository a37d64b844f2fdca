import { LonghaulError } from "../../../core/errors.ts";
import { refuse } from "../../../storage/sqlite/store.ts";
import { checkMetadata } from "../checks.ts";
import { changeMetadata } from "../metadata-changes.ts";
import type { MetadataStore, MetadataTarget } from "../metadata-store.ts";
import type { RunKey } from "../run-store.ts";
import { noteBelongings, setMetadata } from "./details.ts";
import type { RunTransaction } from "./transaction.ts";

const TARGETS = `SELECT run.pk, run_detail.parent, run_detail.root FROM run
  LEFT JOIN run_detail ON run_detail.run = run.pk WHERE run.id = ?`;
const BY_ID = "SELECT pk FROM run WHERE id = ?";
const METADATA = "SELECT data FROM run_metadata WHERE run = ?";

/** Outside of transactions too. */
export function findMetadata(tx: Pick<RunTransaction, "sql">, runId: string): string | undefined {
  const run = tx.sql(BY_ID).get(runId)?.[0] as RunKey | undefined;
  return run === undefined ? undefined : (tx.sql(METADATA).get(run)?.[0] as string | undefined);
}

/** Changes metadata. @returns what it is then; undefined if there is no such run */
export function applyMetadata(
  tx: RunTransaction,
  { runId, target = "self", changes }: Parameters<MetadataStore["change"]>[0],
): string | undefined {
  const run = targetOf(tx, runId, target);
  if (run === undefined) return undefined;
  const known = tx.sql(METADATA).get(run)?.[0] as string | undefined;
  const metadata = JSON.parse(known ?? "{}") as Record<string, unknown>;
  const text = toText(metadata, changes);
  if (text === known) return text;
  const row = tx.run(run)!;
  noteBelongings(tx, row);
  setMetadata(tx, run, text);
  tx.touched(row);
  return text;
}

function toText(
  metadata: Record<string, unknown>,
  changes: Parameters<MetadataStore["change"]>[0]["changes"],
): string {
  try {
    const text = JSON.stringify(changeMetadata(metadata, changes));
    checkMetadata(text);
    return text;
  } catch (error) {
    if (error instanceof LonghaulError) throw refuse(error);
    const reason = (error as Error).message;
    throw refuse(new LonghaulError("RUNS_NOT_JSON", { what: "The metadata", reason }));
  }
}

function targetOf(tx: RunTransaction, runId: string, target: MetadataTarget): RunKey | undefined {
  const found = tx.sql(TARGETS).get(runId) as [RunKey, string | null, string | null] | undefined;
  if (found === undefined || target === "self") return found?.[0];
  const [self, parent, root] = found;
  const id = target === "parent" ? parent : root;
  return id === null ? self : (tx.sql(BY_ID).get(id)?.[0] as RunKey | undefined);
}
