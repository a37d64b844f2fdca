import type { RunRecord } from "../runs/store/run-store.ts";
import type {
  FinalRunState,
  JournalEntry,
  RunEvent,
  RunState,
  SerializedError,
} from "../runs/types.ts";

/** One step of a run, as the journal has it, with its result as a value. */
export interface TestStep extends Omit<JournalEntry, "data" | "error"> {
  readonly data: unknown;
  readonly error: SerializedError | undefined;
}

const FINAL: ReadonlySet<RunState> = new Set<FinalRunState>([
  "completed",
  "failed",
  "canceled",
  "expired",
  "timedOut",
  "skipped",
]);

/** A run at one moment: to be asserted on. */
export class TestRun {
  readonly id: string;
  readonly functionId: string;
  readonly state: RunState;
  /** What the handler returned, as JSON keeps it. */
  readonly output: unknown;
  readonly error: SerializedError | undefined;
  readonly event: RunEvent;
  readonly events: readonly RunEvent[];
  readonly queuedAt: number;
  readonly startedAt: number | undefined;
  readonly finishedAt: number | undefined;
  /** The journal: steps in the order of their last word. */
  readonly journal: readonly TestStep[];

  constructor(record: RunRecord) {
    this.id = record.id;
    this.functionId = record.functionId;
    this.state = record.state;
    this.output = parse(record.output);
    this.error = record.error;
    this.event = record.events[0]!;
    this.events = record.events;
    this.queuedAt = record.queuedAt;
    this.startedAt = record.startedAt;
    this.finishedAt = record.finishedAt;
    this.journal = record.journal.map((entry) => ({
      ...entry,
      // A wait that ran out of time is done with nothing.
      data: entry.state === "done" ? parse(entry.data ?? "null") : parse(entry.data),
      error: entry.error,
    }));
  }

  /** Whether it will not change any more. */
  get isOver(): boolean {
    return FINAL.has(this.state);
  }

  /** The keys of its steps, in the order of the journal. */
  get stepIds(): string[] {
    return this.journal.map(({ key }) => key);
  }

  /** Whether it came to a step. */
  hasStep(key: string): boolean {
    return this.journal.some((step) => step.key === key);
  }

  /**
   * One step.
   * @throws {Error} that names the steps there are, if there is none of that key
   */
  step(key: string): TestStep {
    const step = this.journal.find((each) => each.key === key);
    if (step) return step;
    const known = this.stepIds.map((id) => JSON.stringify(id)).join(", ") || "no steps";
    throw new Error(
      `Run ${this.id} of ${this.functionId} has no step ${JSON.stringify(key)}, but ${known}`,
    );
  }
}

const parse = (json: string | undefined): unknown =>
  json === undefined ? undefined : (JSON.parse(json) as unknown);
