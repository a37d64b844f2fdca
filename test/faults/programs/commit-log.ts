import { SqliteStore } from "../../../src/storage/sqlite/store.ts";

const ignore = (): void => {};

/** @returns the transactions of this process from now on: of each, the operations that were in it, as crash points call them */
export function logCommits(): string[][] {
  const commits: string[][] = [];
  let operations: string[] = [];
  const counts = new Map<string, number>();
  const watched = new WeakSet<SqliteStore>();
  const write = SqliteStore.prototype.write;
  SqliteStore.prototype.write = function (this: SqliteStore, label, operation) {
    if (!watched.has(this)) {
      watched.add(this);
      const committed = (): void => void commits.push(operations.splice(0));
      this.attach({ stale: ignore, flush: ignore, rolledBack: () => (operations = []), committed });
    }
    const n = (counts.get(label) ?? 0) + 1;
    counts.set(label, n);
    return write.call(this, label, () => {
      operations.push(`${label}#${n}`);
      return operation();
    }) as Promise<never>;
  };
  return commits;
}
