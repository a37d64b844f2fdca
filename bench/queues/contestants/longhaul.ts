/** Longhaul: BullMQ's classes on one SQLite file. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { createSqliteBackend } from "longhaul/queue";
import { bullmqStore } from "./bullmq-store.ts";
import type { QueueAdapter, Store } from "./store.ts";

export function longhaul(durability: "relaxed" | "full"): QueueAdapter {
  let stores = 0;
  const open = async (path: string): Promise<Store> =>
    bullmqStore({
      address: path,
      factory: createSqliteBackend,
      connection: { url: `file:${path}`, durability },
      drop: async () => {
        for (const suffix of ["", "-wal", "-shm"]) rmSync(path + suffix, { force: true });
      },
    });
  return { open, create: ({ folder }) => open(join(folder, `store-${++stores}.db`)) };
}
