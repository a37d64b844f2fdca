/**
 * The bare cycle: insert, claim and complete with nothing around it, on the SQLite that Longhaul uses.
 * It is the physical bound: no events, no retries, no limits, no promises.
 */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { payload } from "./payload.ts";

export interface BareCycle {
  readonly durability: "relaxed" | "full";
  readonly perTransaction: number;
  readonly jobsPerSecond: number;
  readonly sqlite: string;
}

/** What the two drivers have in common. */
interface Database {
  exec(sql: string): void;
  prepare(sql: string): {
    run(...values: (string | number)[]): unknown;
    all(...values: (string | number)[]): unknown[];
  };
  close(): void;
}

const BATCHES = [1, 10, 100] as const;

export async function bareCycle(folder: string, goalMs: number): Promise<BareCycle[]> {
  const open = await openSqlite();
  if (open === undefined) return [];
  return (["relaxed", "full"] as const).flatMap((durability) =>
    BATCHES.map((perTransaction) => {
      const path = join(folder, `probe-${durability}-${perTransaction}.db`);
      const database = open(path);
      database.exec(
        `pragma journal_mode = wal; pragma synchronous = ${durability === "full" ? "full" : "normal"}`,
      );
      const jobsPerSecond = cycles(database, perTransaction, goalMs);
      const [row] = database.prepare("select sqlite_version() as version").all() as {
        version: string;
      }[];
      database.close();
      for (const suffix of ["", "-wal", "-shm"]) rmSync(path + suffix, { force: true });
      return { durability, perTransaction, jobsPerSecond, sqlite: row?.version ?? "unknown" };
    }),
  );
}

function cycles(database: Database, perTransaction: number, goalMs: number): number {
  database.exec(`
    create table job (id integer primary key, state integer not null, payload text not null, result text);
    create index waiting on job (id) where state = 0`);
  const begin = database.prepare("begin immediate");
  const commit = database.prepare("commit");
  const insert = database.prepare("insert into job (state, payload) values (0, ?)");
  const claim = database.prepare(
    "update job set state = 1 where id = (select id from job where state = 0 order by id limit 1) returning id, payload",
  );
  const complete = database.prepare("update job set state = 2, result = ? where id = ?");
  const data = JSON.stringify(payload);
  let jobs = 0;
  const start = performance.now();
  while (performance.now() < start + goalMs) {
    begin.run();
    for (let i = 0; i < perTransaction; i++) insert.run(data);
    commit.run();
    begin.run();
    for (let i = 0; i < perTransaction; i++) {
      for (const job of claim.all() as { id: number }[]) complete.run("null", job.id);
    }
    commit.run();
    jobs += perTransaction;
  }
  return (jobs / (performance.now() - start)) * 1_000;
}

/** The SQLite that Longhaul uses; undefined where neither driver is. */
export async function openSqlite(): Promise<((path: string) => Database) | undefined> {
  try {
    const { default: BetterSqlite } = await import("better-sqlite3");
    return (path) => new BetterSqlite(path);
  } catch {
    // Not installed, as optional dependencies may be: then the one that comes with Node.
  }
  try {
    // By a name the compiler does not look up: Node 20's types do not know the module.
    const name: string = "node:sqlite";
    const { DatabaseSync } = (await import(name)) as {
      DatabaseSync: new (path: string) => Database;
    };
    return (path) => new DatabaseSync(path);
  } catch {
    return undefined;
  }
}
