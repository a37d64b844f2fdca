import type { Job } from "bullmq";
import { holdTimeout } from "../bullmq/job-timeout.ts";
import { systemClock } from "../core/clock.ts";
import { LonghaulError } from "../core/errors.ts";
import { saysGone, type JobControl } from "./job-control.ts";
import type { TaskProgress } from "./types.ts";

/** Events wake who waits; this is for those that were lost with a connection. */
const LOOK_AGAIN_MS = 1000;

/** Why a job is taken from its processor. */
export type Ending = "removed" | "handed-back";

/** A job that a processor of this process works on. */
export class RunningJob {
  /** Resolves when the job is taken from its processor. */
  readonly ended: Promise<void>;
  readonly #job: Job;
  readonly #control: JobControl;
  readonly #controller = new AbortController();
  #ending: Ending | undefined;
  #end: () => void = () => {};
  #next: { readonly wait: Promise<void>; readonly wake: () => void } | undefined;
  #isStopping = false;

  /** @param signal BullMQ's, which tells of timeouts */
  constructor(job: Job, control: JobControl, signal: AbortSignal | undefined) {
    this.#job = job;
    this.#control = control;
    this.ended = new Promise((resolve) => (this.#end = resolve));
    const forward = () => {
      this.#controller.abort(signal?.reason);
      this.#wake();
    };
    if (signal?.aborted) forward();
    else signal?.addEventListener("abort", forward, { once: true });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get ending(): Ending | undefined {
    return this.#ending;
  }

  /** Stores how far the job is, and waits for as long as it is paused. */
  async updateProgress(progress: TaskProgress): Promise<void> {
    this.signal.throwIfAborted();
    try {
      await this.#job.updateProgress(progress);
    } catch (error) {
      if (saysGone(error)) this.take("removed");
      this.signal.throwIfAborted();
      throw error;
    }
    await this.#gate();
  }

  /** Looks at what is wished of the job, because that may have changed. */
  async look(): Promise<void> {
    const id = this.#job.id!;
    const { isRemoved } = await this.#control.wishes(id);
    if (isRemoved || (await this.#control.isGone(id))) this.take("removed");
    this.#wake();
  }

  /** This process stops: the job goes on for as long as it is not paused. */
  stop(): void {
    this.#isStopping = true;
    this.#wake();
  }

  /** Takes the job from its processor. */
  take(ending: Ending): void {
    if (this.signal.aborted) return;
    this.#ending = ending;
    this.#end();
    const code = ending === "removed" ? "MANAGER_JOB_REMOVED" : "MANAGER_JOB_HANDED_BACK";
    this.#controller.abort(new LonghaulError(code, { id: this.#job.id ?? "" }));
    this.#wake();
  }

  async #gate(): Promise<void> {
    let release: (() => void) | undefined;
    try {
      for (;;) {
        // Before the look, so that no change falls between the two.
        const changed = this.#change();
        const { isPaused, isRemoved } = await this.#control.wishes(this.#job.id!);
        if (isRemoved) this.take("removed");
        if (isPaused && this.#isStopping) this.take("handed-back");
        this.signal.throwIfAborted();
        if (!isPaused) return;
        release ??= holdTimeout(this.#job);
        await changed;
      }
    } finally {
      this.#wake();
      release?.();
    }
  }

  /** Resolves with the next wake-up, or after a while. Several calls of one processor may wait for it. */
  #change(): Promise<void> {
    if (!this.#next) {
      let wake = (): void => {};
      const wait = new Promise<void>((resolve) => (wake = resolve));
      const cancel = systemClock.after(LOOK_AGAIN_MS, () => this.#wake());
      this.#next = { wait: wait.then(cancel), wake };
    }
    return this.#next.wait;
  }

  #wake(): void {
    const next = this.#next;
    this.#next = undefined;
    next?.wake();
  }
}
