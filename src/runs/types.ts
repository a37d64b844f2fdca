/**
 * The words of the run engine.
 *
 *   delayed ──► queued ──► running ──► completed | failed | timedOut
 *                 ▲          │  ▲
 *                 │          ▼  │
 *                 └────── waiting            every branch sleeps, waits or retries later
 *   delayed, queued, waiting, running ──► canceled;  queued ──► expired;  a start refused by a singleton ──► skipped
 *
 * Only the holder of the lease (same generation) moves a running run; a lost lease puts it back to queued.
 */
export type RunState =
  | "delayed"
  | "queued"
  | "running"
  | "waiting"
  | "completed"
  | "failed"
  | "canceled"
  | "expired"
  | "timedOut"
  | "skipped";

/** States a run never leaves. */
export type FinalRunState =
  "completed" | "failed" | "canceled" | "expired" | "timedOut" | "skipped";

/** What happened somewhere, as its sender describes it. */
export interface EventInput {
  /** The sender's id: the same id starts a function once within 24 hours. */
  readonly id?: string | undefined;
  readonly name: string;
  /** JSON object. @default {} */
  readonly data?: unknown;
  /** When it happened, epoch ms; in the future it delays what it starts. @default now */
  readonly ts?: number | undefined;
  readonly v?: string | undefined;
  readonly user?: unknown;
  readonly meta?: unknown;
}

/** An event as stored and as functions see it. */
export interface RunEvent {
  /** Given by us: a time-ordered id, unique. */
  readonly id: string;
  /** The sender's id, if any. */
  readonly externalId?: string | undefined;
  readonly name: string;
  readonly data: unknown;
  readonly ts: number;
  readonly v?: string | undefined;
  readonly user?: unknown;
  readonly meta?: unknown;
  /** The context it was sent in, as telemetry wrote it. */
  readonly trace?: string | undefined;
}

/** An error as it is stored and shown: never the live object. */
export interface SerializedError {
  readonly name: string;
  readonly message: string;
  readonly stack?: string | undefined;
  readonly code?: string | undefined;
  readonly cause?: unknown;
}

/**
 * What kind of step an entry of the journal belongs to. `attempt` is none: it closes an attempt of the whole handler
 * that failed, and what comes before it belongs to earlier attempts.
 */
export type StepKind =
  | "run"
  | "sleep"
  | "event"
  | "signal"
  | "invoke"
  | "send"
  | "start"
  | "child"
  | "token"
  | "createToken"
  | "group"
  | "attempt";

/**
 * The last word on one step of a run. Entries of a run are ordered by when they were last written: the order in which
 * results became known, which a replay follows.
 *   pending   waits: until `dueAt`, and for what its kind says
 *   retry     failed `attempt` times, to be tried again at `dueAt`
 *   done      `data` is its result (JSON text)
 *   failed    out of attempts, or not retriable: `error`
 */
export interface JournalEntry {
  /** The step's id; repeats are `id:1`, `id:2` in call order. */
  readonly key: string;
  readonly kind: StepKind;
  readonly state: "pending" | "retry" | "done" | "failed";
  /** Attempts made so far. */
  readonly attempt: number;
  /** What the step was called with, if its caller said so (a hash, say): a replay has to say the same. */
  readonly args?: string | undefined;
  readonly data?: string | undefined;
  readonly error?: SerializedError | undefined;
  readonly dueAt?: number | undefined;
  readonly at: number;
}
