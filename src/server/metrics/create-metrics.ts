import { Counter, Gauge, Registry } from "prom-client";
import type { Clock } from "../../core/clock.ts";
import {
  countEvents,
  oldestWaitingSince,
  type Query,
  type QueueReading,
  readQueues,
} from "../../queue/observe/queue-readings.ts";
import { readTimings, TIMED_STATES } from "../../queue/observe/queue-timings.ts";
import type { RunEngine } from "../../runs/engine.ts";
import { countEventsEver, readRunCounts, readRunTimings } from "../../runs/observe/run-readings.ts";
import type { SqliteStore } from "../../storage/sqlite/store.ts";
import { CappedLabels } from "./capped-labels.ts";
import { watchCommits } from "./commit-times.ts";
import { SummedHistogram } from "./summed-histogram.ts";

/** What metrics are of. */
export interface MetricsOptions {
  readonly store: SqliteStore;
  /** The run engine of this process. */
  readonly engine?: RunEngine | undefined;
  readonly clock: Clock;
  /** So many queues, and as many functions, have labels of their own; the others share one. @default 200 */
  readonly maxLabels?: number | undefined;
}

/** Metrics in Prometheus' text format. */
export interface Metrics {
  readonly contentType: string;
  /** Reads what is new, in a worker thread, and renders all. */
  render(): Promise<string>;
  /** Ends it: nothing is read any more. Idempotent. */
  close(): void;
}

const DEFAULT_MAX_LABELS = 200;
const BOUNDS_MS = [
  ...[5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000],
  ...[10_000, 30_000, 60_000, 300_000, 1_800_000, 3_600_000, 21_600_000, 86_400_000],
];
/** Queues and functions beyond so many are not looked at, whatever their labels. */
const MAX_READ = 5_000;
/** So many jobs of a queue, and as many runs, are read at each scrape: of more, they are a sample. */
const MAX_TIMINGS = 20_000;
/** What ended a moment ago may not all be committed. */
const LAG_MS = 1_000;

/** Metrics of a store, and of this process. Nothing is counted on the way of a job: all is read when it is asked for. */
export function createMetrics(options: MetricsOptions): Metrics {
  const collector = new Collector(options);
  let rendering: Promise<string> | undefined;
  let isClosed = false;
  let last = "";
  return {
    contentType: Registry.PROMETHEUS_CONTENT_TYPE,
    async render() {
      if (isClosed) return last;
      // What is new must be counted once: who asks meanwhile gets the same.
      rendering ??= collector.render().finally(() => (rendering = undefined));
      return (last = await rendering);
    },
    close() {
      isClosed = true;
    },
  };
}

class Collector {
  readonly #registry = new Registry();
  readonly #options: MetricsOptions;
  readonly #query: Query;
  readonly #queueLabels: CappedLabels;
  readonly #functionLabels: CappedLabels;
  readonly #jobs: Gauge<"queue" | "state">;
  readonly #oldest: Gauge<"queue">;
  readonly #finished: Counter<"queue" | "state">;
  readonly #stalled: Counter<"queue">;
  readonly #runs: Gauge<"function" | "state">;
  readonly #events: Counter;
  readonly #slots: Gauge<"state"> | undefined;
  readonly #jobRun = histogram(
    "longhaul_job_run_seconds",
    "How long the last attempt of finished jobs took.",
    ["queue", "state"],
  );
  readonly #jobWait = histogram(
    "longhaul_job_wait_seconds",
    "How long finished jobs of one attempt had waited.",
    ["queue", "state"],
  );
  readonly #runTime = histogram("longhaul_run_seconds", "How long runs took, with their waits.", [
    "function",
    "state",
  ]);
  readonly #commits: SummedHistogram;
  /** Up to which event the queues were counted. */
  readonly #positions = new Map<number, number>();
  /** Up to when finished jobs and runs were read. */
  #readUntil: number;
  #isFirst = true;

  constructor(options: MetricsOptions) {
    const { store, engine, clock, maxLabels = DEFAULT_MAX_LABELS } = options;
    this.#options = options;
    this.#query = (sql, params) => store.query(sql, params);
    this.#queueLabels = new CappedLabels(maxLabels);
    this.#functionLabels = new CappedLabels(maxLabels);
    this.#readUntil = clock.now();
    this.#commits = watchCommits(store);
    const registers = [this.#registry];
    const gauge = <T extends string>(name: string, help: string, labelNames: T[]): Gauge<T> =>
      new Gauge({ name, help, labelNames, registers });
    this.#jobs = gauge("longhaul_jobs", "Jobs in each state.", ["queue", "state"]);
    this.#oldest = gauge(
      "longhaul_oldest_waiting_age_seconds",
      "How long the oldest waiting job has waited.",
      ["queue"],
    );
    this.#runs = gauge("longhaul_runs", "Runs in each state, among those that are kept.", [
      "function",
      "state",
    ]);
    this.#finished = new Counter({
      name: "longhaul_jobs_finished_total",
      help: "Jobs that completed, or failed for good, since this process began to count.",
      labelNames: ["queue", "state"],
      registers,
    });
    this.#stalled = new Counter({
      name: "longhaul_jobs_stalled_total",
      help: "Times that jobs stalled since this process began to count.",
      labelNames: ["queue"],
      registers,
    });
    this.#events = new Counter({
      name: "longhaul_events_total",
      help: "Events that the store has taken.",
      registers,
    });
    if (engine)
      this.#slots = gauge("longhaul_worker_slots", "Places for runs in this process.", ["state"]);
  }

  async render(): Promise<string> {
    const queues = await readQueues(this.#query, MAX_READ);
    await Promise.all([this.#readJobs(queues), this.#readRuns()]);
    await this.#readTimings(queues);
    this.#isFirst = false;
    const own = await this.#registry.metrics();
    const histograms = [this.#jobRun, this.#jobWait, this.#runTime, this.#commits];
    return `${own}\n${histograms.map((one) => one.render()).join("\n")}`;
  }

  async #readJobs(queues: readonly QueueReading[]): Promise<void> {
    const now = this.#options.clock.now();
    const oldest = new Map<string, number>();
    this.#jobs.reset();
    await Promise.all(
      queues.map(async (queue) => {
        const label = this.#queueLabels.labelOf(queue.name);
        for (const [state, count] of statesOf(queue))
          this.#jobs.inc({ queue: label, state }, count);
        const isWaiting = queue.waiting + queue.prioritized > 0;
        const since = isWaiting ? await oldestWaitingSince(this.#query, queue.id) : undefined;
        const age = since === undefined ? 0 : Math.max(0, now - since) / 1_000;
        oldest.set(label, Math.max(age, oldest.get(label) ?? 0));
        await this.#countEvents(queue, label);
      }),
    );
    this.#oldest.reset();
    for (const [queue, age] of oldest) this.#oldest.set({ queue }, age);
  }

  async #countEvents(queue: QueueReading, label: string): Promise<void> {
    // What was there at the first scrape is past; a queue that comes later has none.
    const after = this.#positions.get(queue.id) ?? (this.#isFirst ? queue.lastEvent : 0);
    this.#positions.set(queue.id, queue.lastEvent);
    const none = { completed: 0, failed: 0, stalled: 0, position: after };
    const isNew = queue.lastEvent > after;
    const events = isNew ? await countEvents(this.#query, queue.id, after) : none;
    this.#positions.set(queue.id, events.position);
    this.#finished.inc({ queue: label, state: "completed" }, events.completed);
    this.#finished.inc({ queue: label, state: "failed" }, events.failed);
    this.#stalled.inc({ queue: label }, events.stalled);
  }

  async #readRuns(): Promise<void> {
    const [counts, events] = await Promise.all([
      readRunCounts(this.#query, MAX_READ),
      countEventsEver(this.#query),
    ]);
    this.#runs.reset();
    for (const { functionId, state, count } of counts)
      this.#runs.inc({ function: this.#functionLabels.labelOf(functionId), state }, count);
    this.#events.reset();
    this.#events.inc(events);
    const slots = this.#options.engine?.slots;
    if (slots) {
      this.#slots?.set({ state: "busy" }, slots.busy);
      this.#slots?.set({ state: "free" }, slots.total - slots.busy);
    }
  }

  async #readTimings(queues: readonly QueueReading[]): Promise<void> {
    const after = this.#readUntil;
    const until = this.#options.clock.now() - LAG_MS;
    if (until <= after) return;
    this.#readUntil = until;
    const range = { after, until, limit: MAX_TIMINGS };
    for (const queue of queues) {
      const label = this.#queueLabels.labelOf(queue.name);
      for (const [name, state] of TIMED_STATES) {
        if (queue[name] === 0) continue;
        const what = { ...range, queue: queue.id, state, boundsMs: BOUNDS_MS };
        const { run, wait } = await readTimings(this.#query, what);
        this.#jobRun.addSums([label, name], run);
        this.#jobWait.addSums([label, name], wait);
      }
    }
    for (const timing of await readRunTimings(this.#query, range, BOUNDS_MS)) {
      const label = this.#functionLabels.labelOf(timing.functionId);
      this.#runTime.add([label, timing.state], timing.bucket, timing.count, timing.sumMs);
    }
  }
}

const histogram = (name: string, help: string, labels: readonly string[]): SummedHistogram =>
  new SummedHistogram({ name, help, labels, boundsMs: BOUNDS_MS });

const statesOf = (queue: QueueReading): [state: string, count: number][] => [
  ["waiting", queue.waiting],
  ["prioritized", queue.prioritized],
  ["delayed", queue.delayed],
  ["waiting-children", queue.waitingChildren],
  ["active", queue.active],
  ["completed", queue.completed],
  ["failed", queue.failed],
];
