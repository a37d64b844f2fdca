import type { SqliteStore } from "../../storage/sqlite/store.ts";

/** What somebody said about a group of errors. `resolved` holds until it happens again, `ignored` for ever. */
export interface GroupMark {
  readonly status: "resolved" | "ignored";
  /** epoch ms */
  readonly changedAt: number;
  readonly changedBy: string;
}

const ALL = "SELECT fingerprint, status, changed_at, changed_by FROM error_group";
const STORE = `INSERT OR REPLACE INTO error_group (fingerprint, status, changed_at, changed_by)
  VALUES (?, ?, ?, ?)`;
const DELETE = "DELETE FROM error_group WHERE fingerprint = ?";

/** The groups that somebody spoke about, by their fingerprints. They are few: each was marked by hand. */
export async function readMarks(
  store: Pick<SqliteStore, "query">,
): Promise<ReadonlyMap<string, GroupMark>> {
  const rows = (await store.query(ALL)) as [string, GroupMark["status"], number, string][];
  return new Map(
    rows.map(([fingerprint, status, changedAt, changedBy]) => [
      fingerprint,
      { status, changedAt, changedBy },
    ]),
  );
}

/** Marks a group; without a mark it is open again. */
export async function storeMark(
  store: SqliteStore,
  fingerprint: string,
  mark: GroupMark | undefined,
): Promise<void> {
  const { connection } = store;
  await store.write("error-group", () => {
    if (mark === undefined) connection.sql(DELETE).run(fingerprint);
    else connection.sql(STORE).run(fingerprint, mark.status, mark.changedAt, mark.changedBy);
  });
}
