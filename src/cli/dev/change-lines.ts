import type { LiveMessages, LiveQueueEvent, LiveRun } from "../../server/live/messages.ts";

/** Something that came to pass, as `dev` tells it. */
export interface Change {
  readonly kind: "job" | "run";
  readonly id: string;
  /** Of a job its queue and its name, of a run its function. */
  readonly name: string;
  readonly state: string;
  /** Of what ended: how long it was worked on. */
  readonly durationMs?: number;
  readonly error?: string;
}

interface KnownJob {
  readonly name?: string | undefined;
  readonly startedAt?: number | undefined;
}

/** Jobs that are remembered for their names and starts. */
const REMEMBERED = 10_000;
const JOB_STATES = new Set([
  "waiting",
  "delayed",
  "waiting-children",
  "active",
  "completed",
  "failed",
  "stalled",
  "removed",
]);

/** Makes changes of jobs and runs out of live messages. */
export class ChangeReader {
  readonly #jobs = new Map<string, KnownJob>();
  readonly #runs = new Map<string, string>();
  readonly #now: () => number;

  /** @param now epoch ms, for how long jobs take */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** @param event of a stream of topics `queue:…` and `function:…` */
  read(event: string, data: string): Change[] {
    if (event === "queue.events") {
      const { topic, events } = JSON.parse(data) as LiveMessages["queue.events"];
      const queue = topic.slice("queue:".length);
      return events.flatMap((one) => this.#job(queue, one));
    }
    if (event === "run.updated")
      return this.#run((JSON.parse(data) as LiveMessages["run.updated"]).run);
    if (event === "snapshot") {
      const message = JSON.parse(data) as LiveMessages["snapshot"];
      // What was there before is no news.
      if ("runs" in message && Array.isArray(message.runs))
        for (const { id, state } of message.runs as LiveRun[]) this.#runs.set(id, state);
    }
    return [];
  }

  #job(queue: string, { event, jobId, name, failedReason }: LiveQueueEvent): Change[] {
    if (jobId === undefined) return [];
    const key = `${queue}:${jobId}`;
    const known = this.#jobs.get(key);
    if (event === "added") {
      this.#remember(key, { name: typeof name === "string" ? name : undefined });
      return [];
    }
    if (!JOB_STATES.has(event)) return [];
    const isOver = event === "completed" || event === "failed";
    // Of what was told at once nobody knows how long it took.
    const tookMs = isOver ? this.#now() - (known?.startedAt ?? this.#now()) : 0;
    if (event === "active") this.#remember(key, { name: known?.name, startedAt: this.#now() });
    if (event === "completed" || event === "removed") this.#jobs.delete(key);
    return [
      {
        kind: "job",
        id: jobId,
        name: known?.name === undefined ? queue : `${queue}/${known.name}`,
        state: event,
        ...(tookMs > 0 && { durationMs: tookMs }),
        ...(typeof failedReason === "string" && { error: failedReason }),
      },
    ];
  }

  #run({ id, functionId, state, startedAt, finishedAt, error }: LiveRun): Change[] {
    if (this.#runs.get(id) === state) return [];
    this.#runs.set(id, state);
    if (this.#runs.size > REMEMBERED) this.#runs.delete(this.#runs.keys().next().value!);
    const took =
      startedAt === undefined || finishedAt === undefined
        ? undefined
        : Date.parse(finishedAt) - Date.parse(startedAt);
    return [
      {
        ...{ kind: "run", id, name: functionId, state },
        ...(took !== undefined && { durationMs: took }),
        ...(error && { error: `${error.name}: ${error.message}` }),
      },
    ];
  }

  #remember(key: string, job: KnownJob): void {
    this.#jobs.set(key, job);
    if (this.#jobs.size > REMEMBERED) this.#jobs.delete(this.#jobs.keys().next().value!);
  }
}
