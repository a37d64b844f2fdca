import { rmSync } from "node:fs";
import { parseStoreUrl } from "../storage/url.ts";

/**
 * Deletes the database file of a URL, for test runs that start from nothing. No process may have it open.
 * @param url `file:…`; @default the URL of the environment, as for queues without a connection
 */
export function resetForTests(url?: string): void {
  const target = parseStoreUrl(url);
  if (target.kind !== "sqlite" || target.path === ":memory:") return;
  for (const suffix of ["", "-wal", "-shm"]) rmSync(target.path + suffix, { force: true });
}
