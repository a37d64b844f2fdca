/** Who takes part, in the order of the tables. */
import type { QueueContestant } from "./store.ts";

/** Ratios are to this one: the fastest of the peers, which keeps nothing when its server stops. */
export const BASELINE = "redis";

const longhaulPackages = ["longhaul", "bullmq", "better-sqlite3"];
const redisPackages = ["bullmq", "ioredis"];

export const contestants: readonly QueueContestant[] = [
  {
    id: "longhaul-relaxed",
    title: "longhaul relaxed",
    durability:
      "WAL, synchronous=NORMAL: survives the death of the process; a power cut may take the last commits",
    packages: longhaulPackages,
    load: async () => (await import("./longhaul.ts")).longhaul("relaxed"),
  },
  {
    id: "longhaul-full",
    title: "longhaul full",
    durability:
      "WAL, synchronous=FULL: every acknowledged commit is fsynced and survives a power cut",
    packages: longhaulPackages,
    load: async () => (await import("./longhaul.ts")).longhaul("full"),
  },
  {
    id: BASELINE,
    title: "bullmq + redis (no persistence)",
    durability: "memory only: everything is lost when the server stops",
    service: { kind: "redis", persistence: "none" },
    packages: redisPackages,
    load: async () => (await import("./redis.ts")).redis(),
  },
  {
    id: "redis-everysec",
    title: "bullmq + redis (AOF everysec)",
    durability:
      "append-only file, fsync once a second: a power cut may take the last second or two",
    service: { kind: "redis", persistence: "everysec" },
    packages: redisPackages,
    load: async () => (await import("./redis.ts")).redis(),
  },
  {
    id: "redis-always",
    title: "bullmq + redis (AOF always)",
    durability: "append-only file, fsync before each reply: acknowledged work survives a power cut",
    service: { kind: "redis", persistence: "always" },
    packages: redisPackages,
    load: async () => (await import("./redis.ts")).redis(),
  },
  {
    id: "postgres",
    title: "bullmq + postgres",
    durability: "fsync=on, synchronous_commit=on: acknowledged work survives a power cut",
    service: { kind: "postgres" },
    packages: ["bullmq", "pg"],
    load: async () => (await import("./postgres.ts")).postgres(),
  },
];
