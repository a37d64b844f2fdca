import type { JournalEntry, RunState, StepKind } from "../../types.ts";

/** `run.state`. Final states come last. */
export const State = {
  delayed: 1,
  queued: 2,
  running: 3,
  waiting: 4,
  completed: 5,
  failed: 6,
  canceled: 7,
  expired: 8,
  timedOut: 9,
  skipped: 10,
} as const satisfies Record<RunState, number>;

export type StateCode = (typeof State)[RunState];

const stateNames = Object.keys(State) as RunState[];

export const stateName = (code: StateCode): RunState => stateNames[code - 1]!;

export const isFinal = (code: StateCode): boolean => code >= State.completed;

/** `run.extras`: what else there is to look after when a run moves. Most runs have none of it. */
export const Extra = {
  /** Rows in `run_wait`. */
  waits: 1,
  /** Rows in `run_invoker`. */
  invoked: 2,
  /** A row in `run_singleton`. */
  singleton: 4,
  /** A row in `run_gathering`. */
  gathering: 8,
  /** Has yet to pass its throttle. */
  throttled: 16,
  /** A start timeout runs. */
  startTimeout: 32,
  /** A finish timeout runs. */
  finishTimeout: 64,
  /** Rows in `run_child`. */
  children: 128,
  /** Starts that a failure has to forget: `startKeys` of its options. */
  startKeys: 256,
  /** Rows in the tables of 0004-tasks.sql. Stays when the run has ended. */
  belongings: 512,
} as const;

/** `run_timer.kind`. At the same time, what ends runs goes before what wakes them. */
export const TimerKind = {
  finishTimeout: 1,
  startTimeout: 2,
  run: 3,
  throttle: 4,
  slot: 5,
  queue: 6,
  token: 7,
} as const;

export type TimerCode = (typeof TimerKind)[keyof typeof TimerKind];

/** `run_wait.channel`: by what a wait is found. Nothing looks for answered and replaced ones, nor for those for runs. */
export const Channel = {
  event: 0,
  signal: 1,
  invoke: 2,
  answered: 3,
  replaced: 4,
  token: 5,
  runs: 6,
} as const;

export type ChannelCode = (typeof Channel)[keyof typeof Channel];

/** `run_wait.purpose`. */
export const Purpose = { step: 0, cancel: 1 } as const;

/** Their order is stored. */
export const stepKinds = [
  "run",
  "sleep",
  "event",
  "signal",
  "invoke",
  "send",
  "start",
  "child",
  "token",
  "createToken",
  "group",
  "attempt",
] as const satisfies readonly StepKind[];
const stepStates = ["pending", "retry", "done", "failed"] as const;
const codes = new Map(
  stepKinds.flatMap((kind, major) =>
    stepStates.map((state, minor) => [`${kind}:${state}`, major * 4 + minor] as const),
  ),
);

/** `run_journal.code`: kind and state in one. */
export const entryCode = (kind: StepKind, state: JournalEntry["state"]): number =>
  codes.get(`${kind}:${state}`)!;

export const entryKind = (code: number): StepKind => stepKinds[code >> 2]!;

export const entryState = (code: number): JournalEntry["state"] => stepStates[code & 3]!;
