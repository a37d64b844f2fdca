import { LonghaulError } from "../core/errors.ts";

/**
 * Something that works until it is closed: a `Worker` of `longhaul/bullmq`, or anything else. What it has of `start`,
 * or of `run` and `isRunning` (BullMQ's worker with `autorun: false`), is used to set it going.
 */
export interface HostedWorker {
  close(): unknown;
  start?(): unknown;
  run?(): unknown;
  isRunning?(): boolean;
}

/** What a factory of workers is given. */
export interface WorkerContext {
  /** The URL of the runtime's store, for `new Worker(name, handler, { connection })`. */
  readonly connection: string;
}

/** A worker, or a function that makes one at the start. */
export type WorkerSource =
  HostedWorker | ((context: WorkerContext) => HostedWorker | Promise<HostedWorker>);

/** The workers of a runtime. */
export class HostedWorkers {
  readonly #sources: readonly WorkerSource[];
  readonly #report: (error: unknown) => void;
  readonly #running: HostedWorker[] = [];

  /** @throws {LonghaulError} RUNTIME_BAD_WORKER */
  constructor(sources: readonly WorkerSource[], report: (error: unknown) => void) {
    for (const source of sources) if (typeof source !== "function") requireWorker(source);
    this.#sources = sources;
    this.#report = report;
  }

  get size(): number {
    return this.#running.length;
  }

  /** Makes and starts all of them, in order. If one cannot be started, those that were are for {@link close}. */
  async start(context: WorkerContext): Promise<void> {
    for (const source of this.#sources) {
      const worker = typeof source === "function" ? await source(context) : source;
      requireWorker(worker);
      this.#running.push(worker);
      await this.#setGoing(worker);
    }
  }

  /** Closes all, and waits for what they have in hand. One that fails does not keep the others open. */
  async close(): Promise<void> {
    const closing = this.#running.splice(0).map(async (worker) => worker.close());
    for (const result of await Promise.allSettled(closing))
      if (result.status === "rejected") this.#report(result.reason);
  }

  async #setGoing(worker: HostedWorker): Promise<void> {
    if (worker.start) await worker.start();
    else if (worker.run && worker.isRunning?.() === false) {
      // Such a `run` ends with the worker.
      Promise.resolve(worker.run()).catch(this.#report);
    }
  }
}

function requireWorker(worker: unknown): asserts worker is HostedWorker {
  const isWorker =
    typeof worker === "object" &&
    worker !== null &&
    "close" in worker &&
    typeof worker.close === "function";
  if (isWorker) return;
  const found = worker === null ? "null" : typeof worker;
  throw new LonghaulError("RUNTIME_BAD_WORKER", { found });
}
