import type { SqliteStore } from "../../storage/sqlite/store.ts";

/** Where what people look at is read: in a worker thread, so that no list slows a run. */
export type Reader = Pick<SqliteStore, "query">;
