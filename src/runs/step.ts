import { StepError, type StepOptions } from "./definition.ts";
import { Deferred } from "./deferred.ts";
import type { GroupScope } from "./groups.ts";
import type { EventBatch, StepEffect, StepWait } from "./store/run-store.ts";
import type { JournalEntry, StepKind } from "./types.ts";

/** A step that was called and has no result yet. */
export class Step extends Deferred {
  readonly key: string;
  readonly kind: StepKind;
  readonly args: string | undefined;
  /** The group it was called in. */
  readonly scope: GroupScope | undefined;
  /** Makes the result of the entry's data. @default the data itself, or null */
  decode: ((data: unknown) => unknown) | undefined;

  constructor(key: string, kind: StepKind, args?: string, scope?: GroupScope) {
    super();
    this.key = key;
    this.kind = kind;
    this.args = args;
    this.scope = scope;
  }

  /** Gives it the result that its final entry says. */
  settle(entry: JournalEntry): void {
    this.scope?.settled(entry);
    if (entry.state === "failed") this.reject(new StepError(this.key, entry.error!));
    else if (entry.data === undefined) this.resolve(this.kind === "sleep" ? undefined : null);
    else {
      const data = JSON.parse(entry.data) as unknown;
      this.resolve(this.decode ? this.decode(data) : data);
    }
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

/** What a step does that is done by the write of its entry. */
export interface WritePlan {
  /** JSON text of its result. @default what the effect fills in */
  readonly data?: string | undefined;
  readonly effect?: StepEffect | undefined;
  /** Events to store in the same commit. */
  readonly batch?: EventBatch | undefined;
}

/** A step that waits for a time or for somebody else. */
export interface WaitingStep extends WaitPlan {
  step: Step;
  /** Attempts made. */
  readonly attempt: number;
  /** Until it is stored. */
  wait?: StepWait | undefined;
  /** Goes on with its body at `dueAt`, instead of having its result. */
  readonly retry?: (() => void) | undefined;
  /** Its `pending` entry with the answer, once there is one. */
  answer?: JournalEntry | undefined;
}

/** A result and the step that gets it. */
export interface Arrival {
  readonly step: Step;
  readonly entry: JournalEntry;
  /** What fills in the entry's data when it is stored. */
  readonly effect?: StepEffect | undefined;
}

/** The entry of a step that has its result: `data` (JSON text) or an error. */
export function finalEntry(
  { key, kind, args }: Step,
  result: Pick<JournalEntry, "attempt" | "at" | "data" | "error">,
): JournalEntry {
  const { attempt, at, data, error } = result;
  const state = error === undefined ? "done" : "failed";
  return { key, kind, state, attempt, at, args, data, error };
}

/** Whether the entry of a wait holds its answer. */
export const isAnswered = ({ data, error }: JournalEntry): boolean =>
  data !== undefined || error !== undefined;
