import { LonghaulError } from "../core/errors.ts";
import { locateDatabase } from "./sqlite/database-file.ts";
import type { Durability } from "./sqlite/pragmas.ts";
import { SqliteStore, type SqliteStoreOptions } from "./sqlite/store.ts";
import { MEMORY_PATH, parseStoreUrl } from "./url.ts";

/** Options of {@link openShared}: those of a store, without its path. */
export type SharedStoreOptions = Omit<SqliteStoreOptions, "path">;

/** A share in a store that others of this process may use too. */
export interface SharedStore {
  readonly store: SqliteStore;
  /** Gives the share back; the last one closes the store. Idempotent. */
  release(): Promise<void>;
}

interface Entry {
  readonly store: SqliteStore;
  readonly durability: Durability;
  users: number;
}

const open = new Map<string, Entry>();

/**
 * Opens a SQLite store, or joins the one this process already has for the same file. All writes of a process to one
 * file must go through one store: that is what makes them one group commit.
 *
 * @param url a `file:` URL or `:memory:`; see {@link parseStoreUrl} for the default
 * @throws {LonghaulError} STORE_BAD_URL; STORE_OPTIONS_CONFLICT when the open store has another durability; whatever
 *   {@link SqliteStore.open} throws
 */
export function openShared(url?: string, options: SharedStoreOptions = {}): SharedStore {
  const parsed = parseStoreUrl(url);
  if (parsed.kind !== "sqlite") {
    throw new LonghaulError("STORE_BAD_URL", {
      url: `${parsed.kind}:`,
      reason: "SQLite needs file: or :memory:",
    });
  }
  const path = parsed.path === MEMORY_PATH ? parsed.path : locateDatabase(parsed.path, options);
  const entry = open.get(path) ?? start(path, options);
  checkDurability(path, entry, options.durability);
  entry.users++;

  let released: Promise<void> | undefined;
  return { store: entry.store, release: () => (released ??= leave(path, entry)) };
}

function start(path: string, options: SharedStoreOptions): Entry {
  const entry = {
    store: SqliteStore.open({ ...options, path }),
    durability: options.durability ?? "full",
    users: 0,
  };
  open.set(path, entry);
  return entry;
}

async function leave(path: string, entry: Entry): Promise<void> {
  if (--entry.users > 0) return;
  // Taken out first: whoever opens the file while this store closes gets a new one.
  if (open.get(path) === entry) open.delete(path);
  await entry.store.close();
}

function checkDurability(path: string, entry: Entry, wanted: Durability | undefined): void {
  if (wanted === undefined || wanted === entry.durability) return;
  throw new LonghaulError("STORE_OPTIONS_CONFLICT", {
    path,
    option: "durability",
    open: entry.durability,
    wanted,
  });
}
