/** Live updates: a thousand clients, two hundred events a second, and what that costs those who work. */
import { get } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { CheckError } from "../../check-error.ts";
import type { Measure, MeasureContext, Sample } from "../../measure.ts";
import { median, percentile } from "../../statistics.ts";
import { LiveSystem } from "./system.ts";

const CLIENTS = 1_000;
const PER_SECOND = 200;
/** Jobs processed at a time. */
const CONCURRENCY = 100;
const REPLAYED = 10_000;
/** Pairs of sections, with clients and without. */
const PAIRS = 3;

const latency = [
  { field: "p50", unit: "ms", better: "less" },
  { field: "p99", unit: "ms", better: "less" },
] as const;

function watching(id: string, title: string, jobCount: number): Measure {
  return {
    id,
    title,
    metrics: latency,
    async run({ site, scale }: MeasureContext): Promise<Sample> {
      const system = await LiveSystem.open(site.folder);
      const { jobs, end } = await system.startJobs(jobCount);
      await system.connect(jobs, CLIENTS);
      const progress = system.makeProgress(jobs, PER_SECOND);
      await sleep(scale.goalMs * 5);
      await progress.stop();
      await end();
      const { latencies, messages, ended } = await system.report();
      await system.drop();
      if (ended !== CLIENTS) throw new CheckError(`${ended} of ${CLIENTS} saw the last state`);
      return {
        p50: percentile(latencies, 0.5),
        p99: percentile(latencies, 0.99),
        max: Math.max(...latencies),
        received: latencies.length,
        messages,
      };
    },
  };
}

const processing: Measure = {
  id: "live-processing",
  title: `jobs while ${CLIENTS} clients watch one`,
  metrics: [{ field: "rate", unit: "/s", better: "more" }],
  async run({ site, scale }: MeasureContext): Promise<Sample> {
    const system = await LiveSystem.open(site.folder);
    const count = Math.ceil((scale.goalMs * 20) / 1_000) * 1_000;
    const { jobs, end } = await system.startJobs(1);
    const progress = system.makeProgress(jobs, PER_SECOND);
    await system.process(count, CONCURRENCY);
    const [alone, watched]: [number[], number[]] = [[], []];
    for (let pair = 0; pair < PAIRS; pair++) {
      alone.push(await system.process(count, CONCURRENCY));
      await system.connect(jobs, CLIENTS);
      watched.push(await system.process(count, CONCURRENCY));
      await system.disconnect();
    }
    await progress.stop();
    await end();
    await system.drop();
    const [rate, before] = [median(watched), median(alone)];
    return { rate, alone: before, share: rate / before };
  },
};

const replay: Measure = {
  id: "live-replay",
  title: `${REPLAYED} events after a disconnection`,
  metrics: [{ field: "p50", unit: "ms", better: "less" }],
  async run({ site }: MeasureContext): Promise<Sample> {
    const system = await LiveSystem.open(site.folder);
    const { jobs, end } = await system.startJobs(1);
    const url = `${system.streamUrl}?throttleMs=0&topics=queue:watched`;
    const { id } = await receive(url, undefined, ({ id }) => id !== "");
    await system.burst(jobs[0]!, REPLAYED);
    const startedAt = performance.now();
    const { numbers } = await receive(url, id, ({ numbers }) => numbers.length >= REPLAYED);
    const ms = performance.now() - startedAt;
    await end();
    await system.drop();
    const isWhole = numbers.length === REPLAYED && numbers.every((n, index) => n === index);
    if (!isWhole) throw new CheckError("events were lost, repeated or out of order");
    return { p50: ms, p99: ms, events: numbers.length };
  },
};

interface Received {
  id: string;
  readonly numbers: number[];
}

/** Reads a stream until something was received. */
function receive(
  url: string,
  lastEventId: string | undefined,
  isEnough: (received: Received) => boolean,
): Promise<Received> {
  const received: Received = { id: "", numbers: [] };
  const headers = lastEventId === undefined ? {} : { "last-event-id": lastEventId };
  return new Promise((resolve, reject) => {
    const request = get(url, { headers }, (response) => {
      let rest = "";
      response.setEncoding("utf8").on("data", (text: string) => {
        const blocks = (rest + text).split("\n\n");
        rest = blocks.pop()!;
        for (const block of blocks) {
          received.id = /^id: (.*)$/m.exec(block)?.[1] ?? received.id;
          for (const [, n] of block.matchAll(/"n":(\d+)/g)) received.numbers.push(Number(n));
        }
        if (!isEnough(received)) return;
        resolve(received);
        request.destroy();
      });
    });
    request.on("error", reject);
  });
}

export const liveLatency: readonly Measure[] = [
  watching("live-one-job", `progress to ${CLIENTS} clients of one job`, 1),
  watching("live-many-jobs", `progress to ${CLIENTS} clients of a job each`, CLIENTS),
  replay,
];
export const liveThroughput: readonly Measure[] = [processing];
