import type { Clock } from "../core/clock.ts";
import type { RunStore } from "./store/run-store.ts";

/** What is kept of what is over. Runs that are not over are always kept, with their events. */
export interface RetentionPolicy {
  /** How long ended runs are kept, in ms. @default 30 days */
  readonly keepRunsMs: number;
  /** How many ended runs are kept. @default 1,000,000 */
  readonly keepRuns: number;
  /** How long events are kept, in ms. @default 30 days */
  readonly keepEventsMs: number;
}

const DAY_MS = 24 * 60 * 60 * 1000;

export const DEFAULT_RETENTION: RetentionPolicy = {
  keepRunsMs: 30 * DAY_MS,
  keepRuns: 1_000_000,
  keepEventsMs: 30 * DAY_MS,
};

/** How often there is a look at what may go. */
const SWEEP_INTERVAL_MS = 60_000;
/** Time between the bites of one sweep, for jobs and runs to be served. */
const PAUSE_MS = 20;

/** What retention needs. */
export interface RetentionOptions {
  readonly store: Pick<RunStore, "sweep">;
  readonly clock: Clock;
  readonly policy?: Partial<RetentionPolicy> | undefined;
  /** Told when a sweep fails; the next one comes at its time. */
  readonly onError: (error: unknown) => void;
}

/** A running retention. */
export interface Retention {
  /** Stops it. Resolves when a bite that is being taken is done. May be called more than once. */
  close(): Promise<void>;
}

/**
 * Removes old runs and events, from now on, a bounded bite at a time: each is one short transaction, and between two of
 * them others have their turn.
 */
export function startRetention({ store, clock, policy, onError }: RetentionOptions): Retention {
  const keep = { ...DEFAULT_RETENTION, ...policy };
  let closed = false;
  let bite: Promise<void> = Promise.resolve();

  const takeBite = async (): Promise<void> => {
    let more = false;
    try {
      more = await store.sweep({ now: clock.now(), ...keep });
    } catch (error) {
      if (!closed) onError(error);
    }
    if (!closed) cancelTimer = arm(more ? PAUSE_MS : SWEEP_INTERVAL_MS);
  };
  const arm = (delayMs: number): (() => void) =>
    clock.after(delayMs, () => {
      bite = takeBite();
    });
  let cancelTimer = arm(SWEEP_INTERVAL_MS);

  return {
    async close() {
      closed = true;
      cancelTimer();
      await bite;
    },
  };
}
