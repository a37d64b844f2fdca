import { isTaskQueue, queueOfSlot } from "../queue-store.ts";
import type { RateSpec, RunKey, SlotClaim } from "../run-store.ts";
import type { StateCode } from "./codes.ts";

/** Options of a run that have to be known later than its start, as JSON in `run.options`. */
export interface RunOptions {
  readonly singleton?: { readonly key: string; readonly mode: "skip" | "cancel" } | undefined;
  readonly throttle?: RateSpec | undefined;
  readonly startTimeoutMs?: number | undefined;
  readonly finishTimeoutMs?: number | undefined;
  /** Key of the row in `run_gathering`. */
  readonly gathering?: string | undefined;
  /** Idempotency keys that a failure gives back. */
  readonly startKeys?: readonly string[] | undefined;
}

export const RUN_COLUMNS = `run.pk, run.id, run.function, run.state, run.generation, run.attempt, run.losses, run.score,
  run.extras, run.event, run.events, run.slots, run.options, run.queued_at, run.started_at, run.due_at, run.parked,
  run.owner, run.news, coalesce(run.created_at, run.queued_at)`;

const NO_SLOTS: readonly SlotClaim[] = [];
const NO_NAMES: readonly string[] = [];
const NO_OPTIONS: RunOptions = {};

/** A run's row inside a transaction. Whoever writes to the row changes this too. */
export class RunRow {
  /** 0 until it is inserted. */
  pk: RunKey;
  readonly id: string;
  readonly function: number;
  state: StateCode;
  generation: number;
  attempt: number;
  losses: number;
  score: number;
  extras: number;
  event: number;
  events: string | null;
  slotsJson: string | null;
  optionsJson: string | null;
  queuedAt: number;
  startedAt: number | null;
  dueAt: number | null;
  /** The key that holds the run back; null if none does. */
  parked: string | null;
  owner: number | null;
  /** 1 if a wait was satisfied since the run was claimed. */
  news: number;

  readonly createdAt: number;

  constructor(row: readonly unknown[]) {
    this.pk = row[0] as number;
    this.id = row[1] as string;
    this.function = row[2] as number;
    this.state = row[3] as StateCode;
    this.generation = row[4] as number;
    this.attempt = row[5] as number;
    this.losses = row[6] as number;
    this.score = row[7] as number;
    this.extras = row[8] as number;
    this.event = row[9] as number;
    this.events = row[10] as string | null;
    this.slotsJson = row[11] as string | null;
    this.optionsJson = row[12] as string | null;
    this.queuedAt = row[13] as number;
    this.startedAt = row[14] as number | null;
    this.dueAt = row[15] as number | null;
    this.parked = row[16] as string | null;
    this.owner = row[17] as number | null;
    this.news = row[18] as number;
    this.createdAt = row[19] as number;
  }

  get slots(): readonly SlotClaim[] {
    return this.slotsJson === null ? NO_SLOTS : (JSON.parse(this.slotsJson) as SlotClaim[]);
  }

  /** Names of the queues, other than that of its function, that its slots are in. */
  get queueNames(): readonly string[] {
    if (this.slotsJson === null || !this.slotsJson.includes('"queue:')) return NO_NAMES;
    const names = this.slots.map(({ key }) => queueOfSlot(key));
    return names.filter((name) => name !== undefined && !isTaskQueue(name)) as string[];
  }

  get options(): RunOptions {
    return this.optionsJson === null ? NO_OPTIONS : (JSON.parse(this.optionsJson) as RunOptions);
  }

  /** Keys of its events, oldest first. */
  get eventKeys(): number[] {
    return this.events === null ? [this.event] : (JSON.parse(this.events) as number[]);
  }

  has(extra: number): boolean {
    return (this.extras & extra) !== 0;
  }
}
