import type { Clock } from "../core/clock.ts";
import { isLonghaulError } from "../core/errors.ts";
import { realSetTimeout } from "../core/real-timers.ts";
import type {
  ClaimedRun,
  EventBatch,
  Held,
  JournalWrite,
  RunKey,
  RunStore,
} from "./store/run-store.ts";

/** How long after a refused write, of a full disk say, it is tried again. */
const WRITE_RETRY_MS = 250;

/** What every write of a run's holder carries. */
export interface Fence {
  readonly now: number;
  readonly run: RunKey;
  readonly generation: number;
}

/** What a {@link RunWriter} needs from the execution that writes. */
export interface RunWriterHost {
  readonly store: RunStore;
  readonly clock: Clock;
  /** The store no longer takes writes of this holder, or cannot take them at all. */
  lost(): void;
  /** Whether attempts are counted over finished steps. @default false */
  readonly keepsAttempt?: boolean | undefined;
  /** A write is committed, and its `done` was called. */
  written(): void;
  report(error: unknown): void;
}

type Append = Parameters<RunStore["append"]>[0];

/**
 * The writes of one execution. What the disk refuses for now is tried again: a body that has run is not run again only
 * because there was no room for its result.
 */
export class RunWriter {
  readonly #run: ClaimedRun;
  readonly #host: RunWriterHost;
  #pending = 0;
  #isClosed = false;

  constructor(run: ClaimedRun, host: RunWriterHost) {
    this.#run = run;
    this.#host = host;
  }

  /** How many writes are not committed yet. */
  get pending(): number {
    return this.#pending;
  }

  fence(): Fence {
    return { now: this.#host.clock.now(), run: this.#run.key, generation: this.#run.generation };
  }

  /** Writes entries of a run that goes on; `done` is called once they are committed, with what effects filled in. */
  append(
    writes: readonly JournalWrite[],
    resetAttempt: boolean,
    batch: EventBatch | undefined,
    done: (filled: readonly string[]) => void,
  ): void {
    const now = this.#host.clock.now();
    const { key: run, generation } = this.#run;
    this.#pending++;
    const { keepsAttempt } = this.#host;
    this.#append({ now, run, generation, writes, resetAttempt, keepsAttempt, batch }, done);
  }

  /** Ends the execution with a write; `settled` is called once it is committed, refused, or has failed for good. */
  end(write: () => Promise<Held>, settled: (isHeld: boolean) => void): void {
    this.#isClosed = true;
    write().then(settled, (error: unknown) => {
      if (isForNow(error)) realSetTimeout(() => this.end(write, settled), WRITE_RETRY_MS);
      else {
        this.#host.report(error);
        settled(false);
      }
    });
  }

  /** Nothing that is still under way counts any more. */
  close(): void {
    this.#isClosed = true;
  }

  #append(params: Append, done: (filled: readonly string[]) => void): void {
    this.#host.store.append(params).then(
      (appended) => {
        this.#pending--;
        if (this.#isClosed) return;
        if (appended !== false) {
          done(appended === true ? NOTHING : appended);
          this.#host.written();
        } else this.#host.lost();
      },
      (error: unknown) => {
        if (this.#isClosed) return;
        if (isForNow(error)) {
          realSetTimeout(() => {
            if (!this.#isClosed) this.#append(params, done);
          }, WRITE_RETRY_MS);
        } else {
          this.#host.report(error);
          this.#host.lost();
        }
      },
    );
  }
}

const NOTHING: readonly string[] = [];

const isForNow = (error: unknown): boolean => isLonghaulError(error) && error.retryable;
