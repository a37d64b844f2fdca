import { monotonicNow } from "../../core/real-timers.ts";
import type { SqliteStore } from "../../storage/sqlite/store.ts";
import { SummedHistogram } from "./summed-histogram.ts";

const BOUNDS_MS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 1_000];

/** How long this process's commits take, from the last operation of a transaction until it is on disk. */
export function watchCommits(store: SqliteStore): SummedHistogram {
  const histogram = new SummedHistogram({
    name: "longhaul_storage_commit_seconds",
    help: "How long commits of this process take.",
    labels: [],
    boundsMs: BOUNDS_MS,
  });
  let flushedAt = 0;
  store.attach({
    stale() {},
    flush: () => (flushedAt = monotonicNow()),
    committed: () => histogram.observe([], monotonicNow() - flushedAt),
    rolledBack() {},
  });
  return histogram;
}
