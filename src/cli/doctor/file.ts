import type { Connection } from "../../storage/sqlite/connection.ts";
import { APPLICATION_ID, latestVersion, schemaVersion } from "../../storage/sqlite/migrations.ts";
import { isProcessAlive, machineIdentity } from "../../storage/sqlite/process-identity.ts";
import { type Finding, ok, warning, wrong } from "./finding.ts";

/** A lease is taken over within seconds of its end, if anybody is there to do it. */
const STUCK_MS = 60_000;
const CLOCK_MS = 60_000;

export function checkOurs(connection: Connection): Finding {
  const [id] = connection.sql("PRAGMA application_id").get()!;
  return id === APPLICATION_ID
    ? ok("file", "a store of Longhaul")
    : wrong("file", "the database of another program", "Give the right file with --url.");
}

export function checkSchema(connection: Connection): Finding {
  const [found, needed] = [schemaVersion(connection), latestVersion()];
  if (found === needed) return ok("schema", `version ${found}`);
  return found < needed
    ? wrong("schema", `version ${found}, ${needed} is needed`, "Run longhaul migrate.")
    : wrong("schema", `version ${found}, this program knows ${needed}`, "Update longhaul.");
}

export function checkJournal(connection: Connection): Finding {
  const [mode] = connection.sql("PRAGMA journal_mode").get()!;
  return mode === "wal"
    ? ok("journal", "WAL")
    : wrong("journal", String(mode), "Start a program that uses the store: it sets WAL.");
}

/** Reads all pages, but not every index against its table. */
export function checkIntegrity(connection: Connection): Finding {
  const problems = connection
    .sql("PRAGMA quick_check(5)")
    .all()
    .map(([text]) => String(text));
  if (problems.length === 1 && problems[0] === "ok") return ok("integrity", "whole");
  const fix =
    "End all programs that use it, keep a copy with its -wal, and restore a backup, or save what can be read: sqlite3 store.db .recover";
  return wrong("integrity", problems.join("; "), fix);
}

/** Another process of this file said that it lives at a time that has not come. */
export function checkClock(connection: Connection, now: number): Finding {
  const [latest] = connection.sql("SELECT max(heartbeat_at) FROM process").get()!;
  const aheadMs = typeof latest === "number" ? latest - now : 0;
  if (aheadMs < CLOCK_MS) return ok("clock", new Date(now).toISOString());
  const found = `${Math.round(aheadMs / 1000)} s behind what was written to the store`;
  return wrong("clock", found, "Set the clock, with NTP: due times and leases go by it.");
}

interface Owner {
  readonly id: number;
  readonly isAlive: boolean;
  readonly pid: number;
}

/** Who has the store open. Those elsewhere count as alive while they say so. */
function ownersOf(connection: Connection, now: number): Owner[] {
  const here = machineIdentity().machine;
  return connection
    .sql("SELECT id, machine, pid, started, heartbeat_at FROM process")
    .all()
    .map((row) => {
      const [id, machine, pid, started, heartbeatAt] = row as [
        number,
        string,
        number,
        string | null,
        number,
      ];
      const isAlive =
        machine === here ? isProcessAlive(pid, started) : now - heartbeatAt < STUCK_MS;
      return { id, isAlive, pid };
    });
}

export function checkProcesses(connection: Connection, now: number): Finding {
  const owners = ownersOf(connection, now);
  const alive = owners.filter(({ isAlive }) => isAlive).length;
  const dead = owners.length - alive;
  if (dead === 0) return ok("processes", `${alive} have the store open`);
  const found = `${alive} have the store open, ${dead} died without closing it`;
  const fix =
    alive > 0
      ? "Those that live clean up within seconds; look why the others died."
      : "Start a worker: it takes over what they held.";
  return warning("processes", found, fix);
}

const JOBS = "SELECT owner, locked_until FROM active WHERE locked_until < ?";
const RUNS = "SELECT owner, lease_until FROM run WHERE owner IS NOT NULL AND lease_until < ?";

/** Work that somebody holds beyond their time, and nobody took over. */
export function checkLeases(connection: Connection, now: number): Finding {
  const before = now - STUCK_MS;
  const alive = new Set(
    ownersOf(connection, now)
      .filter(({ isAlive }) => isAlive)
      .map(({ id }) => id),
  );
  const stuck = [JOBS, RUNS].flatMap((sql) => connection.sql(sql).all(before));
  if (stuck.length === 0) return ok("leases", "none is over");
  const hanging = stuck.filter(([owner]) => alive.has(owner as number)).length;
  const found = `${stuck.length} jobs or runs are held beyond their time`;
  const fix =
    hanging > 0
      ? "A process that lives holds them: it hangs, or its event loop is blocked. Look at it, or restart it."
      : "Start a worker for their queues and functions: it takes them over.";
  return wrong("leases", found, fix);
}
