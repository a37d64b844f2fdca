/** Who takes part, in the order of the tables. */
import type { RunContestant } from "../system.ts";

/** Ratios are to this one: the fastest of the peers. */
export const BASELINE = "restate";

const longhaulPackages = ["longhaul", "better-sqlite3"];
/** Waits, sleeps and keys are not what an append loop has. */
const LATENCIES = ["first-step", "resume"];
const GROWTH = ["growth-sleeping", "growth-parked"];

const RELAXED =
  "WAL, synchronous=NORMAL: survives the death of the process; a power cut may take the last commits";
const FULL = "WAL, synchronous=FULL: every finished step is fsynced before the next begins";

export const contestants: readonly RunContestant[] = [
  {
    id: "longhaul-relaxed",
    title: "longhaul relaxed",
    durability: RELAXED,
    packages: longhaulPackages,
    load: async () => (await import("./longhaul.ts")).longhaul("relaxed"),
  },
  {
    id: "longhaul-full",
    title: "longhaul full",
    durability: FULL,
    packages: longhaulPackages,
    load: async () => (await import("./longhaul.ts")).longhaul("full"),
  },
  {
    id: "journal-relaxed",
    title: "bare journal relaxed",
    durability: `${RELAXED}. No engine: a loop that appends results, the physical bound`,
    packages: ["better-sqlite3"],
    without: [...LATENCIES, ...GROWTH],
    load: async () => (await import("./journal.ts")).journal("relaxed"),
  },
  {
    id: "journal-full",
    title: "bare journal full",
    durability: `${FULL}. No engine: a loop that appends results, the physical bound`,
    packages: ["better-sqlite3"],
    without: [...LATENCIES, ...GROWTH],
    load: async () => (await import("./journal.ts")).journal("full"),
  },
  {
    id: BASELINE,
    title: "restate",
    durability: "RocksDB with its write-ahead log fsynced, the default",
    service: { kind: "restate" },
    peers: [
      "@restatedev/restate-server",
      "@restatedev/restate-sdk",
      "@restatedev/restate-sdk-clients",
    ],
    packages: ["@restatedev/restate-sdk"],
    without: GROWTH,
    load: async () => (await import("./restate.ts")).restate(),
  },
  {
    id: "dbos",
    title: "dbos + postgres",
    durability: "PostgreSQL with fsync=on, synchronous_commit=on",
    service: { kind: "postgres" },
    peers: ["@dbos-inc/dbos-sdk"],
    packages: ["@dbos-inc/dbos-sdk"],
    without: GROWTH,
    load: async () => (await import("./dbos.ts")).dbos(),
  },
];
