/** The server: what it costs to be watched, and what searches cost. */
import type { Suite } from "../suite.ts";
import { liveLatency, liveThroughput } from "./live/measures.ts";
import { liveTargets } from "./live/targets.ts";
import { searchLatency, searchThroughput } from "./search/measures.ts";
import { searchTargets } from "./search/targets.ts";

export const server: Suite = {
  id: "server",
  unit: "job",
  baseline: "longhaul",
  contestants: [
    {
      id: "longhaul",
      title: "longhaul",
      durability: "WAL, synchronous=FULL: each commit is fsynced",
      packages: ["longhaul", "better-sqlite3", "hono", "@hono/node-server"],
      // The measures open what they need: processes, not one store.
      load: () => Promise.resolve({ create: () => Promise.resolve(undefined) }),
    },
  ],
  growthContestants: [],
  throughput: [...liveThroughput, ...searchThroughput],
  latency: [...liveLatency, ...searchLatency],
  growth: [],
  targets: [...liveTargets, ...searchTargets],
  growthTable: () => "",
};
