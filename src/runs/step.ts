import type { StepOptions } from "./definition.ts";
import { Deferred } from "./deferred.ts";
import type { StepWait } from "./store/run-store.ts";
import type { JournalEntry, StepKind } from "./types.ts";

/** A step that was called and has no result yet. */
export class Step extends Deferred {
  readonly key: string;
  readonly kind: StepKind;
  /** Makes the result of the entry's data. @default the data itself, or null */
  decode: ((data: unknown) => unknown) | undefined;

  constructor(key: string, kind: StepKind) {
    super();
    this.key = key;
    this.kind = kind;
  }
}

/** What the user wants a step to do. */
export interface BodyCall {
  readonly step: Step;
  readonly body: (attempt: number) => unknown;
  readonly options: StepOptions;
}

/** What a waiting step waits for. */
export interface WaitPlan {
  /** When it goes on at the latest, epoch ms; `Infinity` for never. */
  readonly dueAt: number;
  readonly wait?: StepWait | undefined;
}

/** A step that waits for a time or for somebody else. */
export interface WaitingStep extends WaitPlan {
  readonly step: Step;
  /** Attempts made. */
  readonly attempt: number;
  /** Goes on with its body at `dueAt`, instead of having its result. */
  readonly retry?: (() => void) | undefined;
  /** Its `pending` entry with the answer, once there is one. */
  answer?: JournalEntry | undefined;
}

/** A result and the step that gets it. */
export interface Arrival {
  readonly step: Step;
  readonly entry: JournalEntry;
}
