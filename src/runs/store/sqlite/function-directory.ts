import type { FunctionDeclaration } from "../../definition.ts";
import type { FunctionDirectory, PublishedFunctions } from "../function-directory.ts";
import type { RunTransaction } from "./transaction.ts";

const REVISION = "SELECT max(revision) FROM run_function";
const KNOWN = "SELECT declaration, published_at FROM run_function WHERE id = ?";
const ALL = "SELECT declaration FROM run_function WHERE declaration IS NOT NULL ORDER BY pk";
const PUBLISH = `UPDATE run_function SET declaration = ?, published_at = ?,
  revision = (SELECT max(revision) FROM run_function) + 1 WHERE pk = ?`;
const KEEP = "UPDATE run_function SET published_at = ? WHERE id = ?";
const ANY_EXPIRED = "SELECT 1 FROM run_function WHERE published_at < ? AND declaration IS NOT NULL";
const EXPIRE = `UPDATE run_function SET declaration = NULL,
  revision = (SELECT max(revision) FROM run_function) + 1
  WHERE published_at < ? AND declaration IS NOT NULL`;

const SERVES = `SELECT 1 FROM run_serving JOIN run_function ON run_function.pk = run_serving.function
  WHERE run_function.id = ? AND run_serving.owner = ?`;
const SERVE = "INSERT INTO run_serving (function, owner) VALUES (?, ?) ON CONFLICT DO NOTHING";

/** What is published counts as kept for so long without a write. */
const KEPT_MS = 60 * 60 * 1000;

type Publication = Parameters<FunctionDirectory["publish"]>[0];

/** Whether {@link publishFunctions} would write anything. */
export function isPublicationDue(tx: RunTransaction, params: Publication): boolean {
  if (tx.sql(ANY_EXPIRED).get(params.expireBefore) !== undefined) return true;
  return params.functions.some((declaration) => {
    const known = tx.sql(KNOWN).get(declaration.id);
    if (known === undefined || known[0] !== JSON.stringify(declaration)) return true;
    if (tx.sql(SERVES).get(declaration.id, tx.owner) === undefined) return true;
    return (known[1] as number) < params.now - KEPT_MS;
  });
}

/** Writes what has changed. */
export function publishFunctions(tx: RunTransaction, params: Publication): void {
  const { now, functions, expireBefore } = params;
  for (const declaration of functions) {
    const text = JSON.stringify(declaration);
    const pk = tx.functionKey(declaration.id);
    tx.sql(SERVE).run(pk, tx.owner);
    if (tx.sql(KNOWN).get(declaration.id)?.[0] === text) tx.sql(KEEP).run(now, declaration.id);
    else tx.sql(PUBLISH).run(text, now, pk);
  }
  tx.sql(EXPIRE).run(expireBefore);
}

/** What is published; the same object while nothing has changed. */
export function readPublished(tx: RunTransaction): PublishedFunctions {
  const last = tx.published;
  const revision = (tx.sql(REVISION).get()![0] as number | null) ?? 0;
  if (last?.revision === revision) return last;
  const functions = tx
    .sql(ALL)
    .all()
    .map(([text]) => JSON.parse(text as string) as FunctionDeclaration);
  return (tx.published = { revision, functions });
}
