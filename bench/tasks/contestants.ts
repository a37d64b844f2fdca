/** Who takes part: the same code with either durability. Upstream's own needs a server of ten containers. */
import type { TaskContestant } from "./system.ts";

const packages = ["longhaul", "better-sqlite3"];

export const contestants: readonly TaskContestant[] = [
  {
    id: "longhaul-relaxed",
    title: "longhaul relaxed",
    durability:
      "WAL, synchronous=NORMAL: survives the death of the process; a power cut may take the last commits",
    packages,
    load: async () => (await import("./system.ts")).adapterOf("relaxed"),
  },
  {
    id: "longhaul-full",
    title: "longhaul full",
    durability: "WAL, synchronous=FULL: what a run has come to is fsynced before it goes on",
    packages,
    load: async () => (await import("./system.ts")).adapterOf("full"),
  },
];
