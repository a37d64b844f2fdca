import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { withBackend } from "bullmq";
import { afterEach } from "vitest";
import { createSqliteBackend } from "../../src/queue/index.ts";
import { endAll } from "./queue-processes.ts";

/** BullMQ's classes on SQLite. */
export const { Queue, Worker, FlowProducer, QueueEvents } = withBackend(createSqliteBackend);
/** BullMQ's own `Queue`, on SQLite. */
export type TestQueue = InstanceType<typeof Queue>;
/** BullMQ's own `Worker`, on SQLite. */
export type TestWorker = InstanceType<typeof Worker>;

/** Where one test keeps its database and its ledger. */
export interface Place {
  readonly folder: string;
  readonly path: string;
  /** The URL of the database. */
  readonly connection: string;
  /** The folder of the ledger. */
  readonly ledger: string;
}

/** Places, and an end to all that a test opened or started. */
export function faultsKit() {
  const open: { close(): Promise<unknown> }[] = [];
  const folders: string[] = [];

  afterEach(async () => {
    await endAll();
    for (const resource of open.splice(0).reverse()) await resource.close();
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
  });

  return {
    place(): Place {
      const folder = mkdtempSync(join(tmpdir(), "longhaul-faults-"));
      folders.push(folder);
      const path = join(folder, "queues.db");
      return { folder, path, connection: `file:${path}`, ledger: join(folder, "ledger") };
    },

    /** Closes something at the end of the test. */
    closing<T extends { close(): Promise<unknown> }>(resource: T): T {
      open.push(resource);
      return resource;
    },
  };
}

/** A name that no other test uses. */
export const uniqueName = (what: string): string => `${what}-${randomUUID().slice(0, 8)}`;

/** Waits until something is the case, looking every few milliseconds. Rejects when it takes too long. */
export async function until(
  what: string,
  isSo: () => boolean | Promise<boolean>,
  withinMs = 30_000,
): Promise<void> {
  const end = performance.now() + withinMs;
  while (!(await isSo())) {
    if (performance.now() > end) throw new Error(`not within ${withinMs} ms: ${what}`);
    await pause(5);
  }
}
