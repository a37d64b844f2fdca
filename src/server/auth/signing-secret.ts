import type { SqliteStore } from "../../storage/sqlite/store.ts";
import { LonghaulError } from "../../core/errors.ts";
import { newSecret } from "./secrets.ts";

const KEY = "signing-secret";
const SHORTEST = 32;

const made = new WeakMap<SqliteStore, Promise<string>>();

/**
 * The secret that public tokens are signed with: the given one, else LONGHAUL_SECRET, else one that the file keeps, made
 * when it is first needed. All processes that make or check tokens have to have the same.
 *
 * @throws {LonghaulError} AUTH_BAD_OPTION if it is too short
 */
export function signingSecret(store: SqliteStore, given?: string): Promise<string> {
  const secret = given ?? (process.env["LONGHAUL_SECRET"] || undefined);
  if (secret !== undefined) {
    if (secret.length >= SHORTEST) return Promise.resolve(secret);
    const reason = `the secret for public tokens has less than ${SHORTEST} characters`;
    return Promise.reject(new LonghaulError("AUTH_BAD_OPTION", { reason }));
  }
  let kept = made.get(store);
  if (kept === undefined) {
    kept = keptSecret(store);
    made.set(store, kept);
    // What failed once, such as a full disk, is tried again.
    kept.catch(() => made.delete(store));
  }
  return kept;
}

/** Under the write lock, so that processes that need it at once agree. */
function keptSecret(store: SqliteStore): Promise<string> {
  const { connection } = store;
  return store.write("server:signing-secret", () => {
    connection
      .sql("INSERT INTO setting (key, value) VALUES (?, ?) ON CONFLICT DO NOTHING")
      .run(KEY, newSecret());
    return connection.sql("SELECT value FROM setting WHERE key = ?").get(KEY)![0] as string;
  });
}
