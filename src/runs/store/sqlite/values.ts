import type { ValueStore } from "../value-store.ts";
import type { RunTransaction } from "./transaction.ts";

/** Values by name that no run owns. */

const GET = "SELECT value FROM run_value WHERE space = ? AND name = ?";
const SET = `INSERT INTO run_value (space, name, value, at) VALUES (?, ?, ?, ?)
  ON CONFLICT (space, name) DO UPDATE SET value = excluded.value, at = excluded.at`;
const DELETE = "DELETE FROM run_value WHERE space = ? AND name = ?";

type Params<M extends keyof ValueStore> = Parameters<ValueStore[M]>[0];

/** Outside of transactions too. */
export const getValue = (
  tx: Pick<RunTransaction, "sql">,
  { space, name }: Params<"get">,
): string | undefined => tx.sql(GET).get(space, name)?.[0] as string | undefined;

export function setValue(
  tx: Pick<RunTransaction, "sql">,
  { now, space, name, value }: Params<"set">,
): void {
  tx.sql(SET).run(space, name, value, now);
}

/** Sets a value unless there is one. @returns the one that is there then */
export function keepValue(tx: Pick<RunTransaction, "sql">, params: Params<"set">): string {
  const known = getValue(tx, params);
  if (known !== undefined) return known;
  setValue(tx, params);
  return params.value;
}

export const deleteValue = (
  tx: Pick<RunTransaction, "sql">,
  { space, name }: Params<"delete">,
): boolean => tx.sql(DELETE).run(space, name).changes > 0;
