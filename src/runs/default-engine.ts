import { openShared } from "../storage/shared-stores.ts";
import { RunEngine } from "./engine.ts";
import { SqliteRunStore } from "./store/sqlite/sqlite-run-store.ts";

/** An engine on the default store: env `LONGHAUL_URL`, else `file:.longhaul/longhaul.db`. */
export interface DefaultEngine {
  readonly engine: RunEngine;
  /** Stops the engine and gives its share of the store back. Idempotent. */
  close(): Promise<void>;
}

/**
 * Opens an engine for those who made no runtime.
 *
 * @param onError Takes what fails in the background.
 * @throws {LonghaulError} what opening the store throws
 */
export function openDefaultEngine(onError: (error: unknown) => void): DefaultEngine {
  const { store: sqlite, release } = openShared();
  const store = new SqliteRunStore(sqlite);
  const engine = new RunEngine({ store, onError });
  const close = async (): Promise<void> => {
    await engine.close();
    await store.close();
    await release();
  };
  let closing: Promise<void> | undefined;
  return { engine, close: () => (closing ??= close()) };
}
