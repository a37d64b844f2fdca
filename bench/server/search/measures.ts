/** Searches over many jobs: how soon the first page is there, and what they cost those who work. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Measure, MeasureContext, Sample } from "../../measure.ts";
import { median, percentile } from "../../statistics.ts";
import { QUERIES, type QueryId, SearchSystem } from "./system.ts";

const SEARCHES = 10;
/** As people search, who look at what was found: searches without a pause get a share of the time only. */
const PAUSE_MS = 1_500;
/** Pairs of sections, with searches and without. */
const PAIRS = 5;

const open = ({ site, scale }: MeasureContext): Promise<SearchSystem> =>
  SearchSystem.of(site.folder, Math.ceil(scale.growthJobs / 2_000) * 1_000);

const ids = Object.keys(QUERIES) as QueryId[];

const firstPage = (id: QueryId): Measure => ({
  id: `search-${id}`,
  title: `first page of a search ${QUERIES[id].title}`,
  metrics: [
    { field: "p50", unit: "ms", better: "less" },
    { field: "p99", unit: "ms", better: "less" },
  ],
  async run(context): Promise<Sample> {
    const system = await open(context);
    await system.search(id);
    const times: number[] = [];
    let whole = 0;
    for (let n = 0; n < SEARCHES; n++) {
      await sleep(PAUSE_MS);
      const { ms, isWhole } = await system.search(id);
      times.push(ms);
      if (isWhole) whole++;
    }
    return {
      whole: whole / SEARCHES,
      p50: percentile(times, 0.5),
      p99: percentile(times, 0.99),
      max: Math.max(...times),
    };
  },
});

const processing: Measure = {
  id: "search-processing",
  title: "jobs while one search follows another",
  metrics: [{ field: "rate", unit: "/s", better: "more" }],
  async run(context): Promise<Sample> {
    const system = await open(context);
    const count = Math.ceil((context.scale.goalMs * 20) / 1_000) * 1_000;
    await system.process(count);
    const [alone, searched]: [number[], number[]] = [[], []];
    let searches = 0;
    for (let pair = 0; pair < PAIRS; pair++) {
      alone.push(await system.process(count));
      const over = new AbortController();
      const searching = (async () => {
        for (; !over.signal.aborted; searches++) await system.search(ids[searches % ids.length]!);
      })();
      searched.push(await system.process(count));
      over.abort();
      await searching;
    }
    const [rate, before] = [median(searched), median(alone)];
    return { rate, alone: before, share: rate / before, searches };
  },
};

export const searchLatency: readonly Measure[] = ids.map(firstPage);
export const searchThroughput: readonly Measure[] = [processing];
