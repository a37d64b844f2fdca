import type * as bullmq from "bullmq";
import { type Clock, systemClock } from "../core/clock.ts";
import { LonghaulError } from "../core/errors.ts";
import type { JobsOptions, TimeoutOptions } from "./types.ts";

/** How long a processor may take to end once its signal is aborted, unless the worker says otherwise. */
const DEFAULT_GRACE_MS = 5000;

/** A time that runs down, and can be held. */
export class Countdown {
  readonly #clock: Clock;
  readonly #onEnd: () => void;
  #left: number;
  #since = 0;
  #cancel: (() => void) | undefined;

  constructor(ms: number, onEnd: () => void, clock = systemClock) {
    this.#left = ms;
    this.#onEnd = onEnd;
    this.#clock = clock;
  }

  /** Lets it run, or run on. */
  release(): void {
    if (this.#cancel) return;
    this.#since = this.#clock.now();
    this.#cancel = this.#clock.after(this.#left, () => {
      // A timer may end early: no timer can hold more than 24.8 days.
      this.hold();
      if (this.#left > 0) this.release();
      else this.#onEnd();
    });
  }

  /** Stops it; what is left stays. */
  hold(): void {
    if (!this.#cancel) return;
    this.#cancel();
    this.#cancel = undefined;
    this.#left -= this.#clock.now() - this.#since;
  }
}

const countdowns = new WeakMap<object, Countdown>();

/**
 * Holds the timeout of a job that this process runs, for as long as its processor is made to wait.
 *
 * @returns a function that lets the time run on
 */
export function holdTimeout(job: bullmq.Job): () => void {
  const countdown = countdowns.get(job);
  countdown?.hold();
  return () => countdown?.release();
}

/** The timeout of a job in ms, from its own options or else its worker's; `undefined` without. */
export function timeoutOf(job: bullmq.Job, worker: TimeoutOptions): number | undefined {
  return (job.opts as JobsOptions).timeout ?? worker.timeout;
}

/**
 * Runs a processor for as long as its timeout allows. When that is over, its signal is aborted and it has the grace time
 * to end; either way the job then fails, to be tried again like after any failure. A processor that has not ended even
 * then runs on without its job: what it does to the job is refused, because another may be running that by now.
 *
 * @param abort aborts the processor's signal
 * @throws {LonghaulError} BULLMQ_JOB_TIMED_OUT
 */
export async function processWithin<Result>(
  job: bullmq.Job,
  timeoutMs: number,
  { timeoutGrace = DEFAULT_GRACE_MS }: TimeoutOptions,
  process: () => Promise<Result>,
  abort: (reason: LonghaulError) => void,
): Promise<Result> {
  const details = { id: job.id ?? "", queue: job.queueName, timeoutMs };
  const error = new LonghaulError("BULLMQ_JOB_TIMED_OUT", details);
  let countdown: Countdown | undefined;
  const isOver = new Promise<"over">((resolve) => {
    countdown = new Countdown(timeoutMs, () => resolve("over"));
  });
  countdowns.set(job, countdown!);
  countdown!.release();
  try {
    const work = process();
    const first = await Promise.race([work.then((result) => ({ result })), isOver]);
    if (first !== "over") return first.result;
    abort(error);
    if (!(await endsWithin(work, timeoutGrace))) fence(job, error);
    throw error;
  } finally {
    countdown!.hold();
  }
}

/** Whether a processor ends, in whatever way, in that time. */
export async function endsWithin(
  work: Promise<unknown>,
  graceMs: number,
  clock = systemClock,
): Promise<boolean> {
  let cancel = (): void => {};
  const patience = new Promise<false>((resolve) => {
    cancel = clock.after(graceMs, () => resolve(false));
  });
  const end = () => true;
  try {
    return await Promise.race([work.then(end, end), patience]);
  } finally {
    cancel();
  }
}

const WRITES = [
  ...["updateProgress", "updateData", "log", "clearLogs", "extendLock", "moveToCompleted"],
  ...["moveToDelayed", "moveToWait", "moveToWaitingChildren", "removeChildDependency"],
] as const;

/** Takes a job out of the hands of a processor. What BullMQ does next with it, failing it, stays possible. */
function fence(job: bullmq.Job, error: LonghaulError): void {
  const refuse = (): Promise<never> => {
    const refused = Promise.reject(error);
    // Who does not wait for it shall not bring the process down.
    refused.catch(() => {});
    return refused;
  };
  for (const method of WRITES) Object.defineProperty(job, method, { value: refuse });
}

/** What is wrong with the timeouts of a worker, in words. */
export function problemOfTimeout(opts: TimeoutOptions): string | undefined {
  const { timeout, timeoutGrace } = opts;
  if (timeout !== undefined && !isTimeout(timeout))
    return `timeout must be a whole number of ms of at least 1, not ${String(timeout)}`;
  if (timeoutGrace !== undefined && !(Number.isFinite(timeoutGrace) && timeoutGrace >= 0))
    return `timeoutGrace must be a number of ms of at least 0, not ${String(timeoutGrace)}`;
  return undefined;
}

/** @throws {LonghaulError} BULLMQ_BAD_JOB_OPTION */
export function checkJobTimeout(name: string, { timeout }: JobsOptions): void {
  if (timeout === undefined || isTimeout(timeout)) return;
  throw new LonghaulError("BULLMQ_BAD_JOB_OPTION", {
    name,
    reason: `timeout must be a whole number of ms of at least 1, not ${String(timeout)}`,
  });
}

const isTimeout = (timeout: unknown): boolean =>
  Number.isSafeInteger(timeout) && (timeout as number) >= 1;
