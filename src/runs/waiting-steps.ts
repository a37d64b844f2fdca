import { LonghaulError } from "../core/errors.ts";
import { serializeError } from "./errors.ts";
import { finalEntry, type Step, type WaitingStep } from "./step.ts";
import type { JournalWrite } from "./store/run-store.ts";
import type { JournalEntry } from "./types.ts";

/** Waits shorter than this keep a run in memory. */
export const SHORT_WAIT_MS = 1_000;

/** The steps of a run that wait: which are ready, when the next is due, and which have to be stored yet. */
export class WaitingSteps {
  readonly #steps = new Map<string, WaitingStep>();
  readonly #unsaved = new Set<WaitingStep>();
  #earliest: number | undefined = Infinity;
  #answered = 0;

  get size(): number {
    return this.#steps.size;
  }

  /** When the next is due; `Infinity` if none ever is. */
  get earliest(): number {
    if (this.#earliest === undefined) {
      this.#earliest = Infinity;
      for (const { dueAt } of this.#steps.values())
        if (dueAt < this.#earliest) this.#earliest = dueAt;
    }
    return this.#earliest;
  }

  /** Whether a wait is not stored yet, so that what it waits for could come too early. */
  get isListeningUnsaved(): boolean {
    for (const { step } of this.#unsaved)
      if (step.kind === "event" || step.kind === "signal") return true;
    return false;
  }

  add(waiting: WaitingStep, isSaved: boolean): void {
    this.#steps.set(waiting.step.key, waiting);
    if (!isSaved) this.#unsaved.add(waiting);
    if (waiting.answer) this.#answered++;
    if (this.#earliest !== undefined && waiting.dueAt < this.#earliest)
      this.#earliest = waiting.dueAt;
  }

  /** A step was called again that waits already. @returns whether that is so */
  adopt(step: Step): boolean {
    const waiting = this.#steps.get(step.key);
    if (waiting) waiting.step = step;
    return waiting !== undefined;
  }

  /** Takes in an answer. @returns whether the step waits here */
  answer(entry: JournalEntry): boolean {
    const waiting = this.#steps.get(entry.key);
    if (!waiting) return false;
    if (!waiting.answer) this.#answered++;
    waiting.answer = entry;
    return true;
  }

  /** Whether {@link takeReady} would give anything. */
  isReady(now: number): boolean {
    return this.#answered > 0 || this.earliest <= now;
  }

  /** Takes out what is answered or due, in the order of when that was. */
  takeReady(now: number): WaitingStep[] {
    const ready = [...this.#steps.values()].filter(({ answer, dueAt }) => answer || dueAt <= now);
    for (const waiting of ready) {
      this.#steps.delete(waiting.step.key);
      this.#unsaved.delete(waiting);
    }
    this.#answered = 0;
    this.#earliest = undefined;
    return ready.sort((a, b) => readyAt(a) - readyAt(b));
  }

  /** Takes what has to be stored: all, or without sleeps so short that starting them again does no harm. */
  takeUnsaved(now: number, which: "all" | "lasting"): JournalWrite[] {
    if (this.#unsaved.size === 0) return [];
    const writes: JournalWrite[] = [];
    for (const waiting of this.#unsaved) {
      if (which === "lasting" && isShortSleep(waiting, now)) continue;
      this.#unsaved.delete(waiting);
      writes.push(pendingWrite(waiting, now));
    }
    return writes;
  }

  /** Takes out all. @returns the waits that are stored, so that they have to be closed */
  takeAll(): Step[] {
    const stored = [...this.#steps.values()].filter((waiting) => !this.#unsaved.has(waiting));
    this.#steps.clear();
    this.#unsaved.clear();
    this.#answered = 0;
    this.#earliest = Infinity;
    return stored.filter(({ retry }) => retry === undefined).map(({ step }) => step);
  }
}

/** What a wait came to: its answer, or nothing within its time. */
export function outcomeOf({ step, answer }: WaitingStep, at: number): JournalEntry {
  if (answer) return finalEntry(step, { attempt: 1, at, data: answer.data, error: answer.error });
  if (step.kind !== "invoke") return finalEntry(step, { attempt: 1, at });
  const error = new LonghaulError("RUNS_INVOKE_TIMEOUT", { step: step.key });
  return finalEntry(step, { attempt: 1, at, error: serializeError(error) });
}

/** Whether a write starts runs that may be claimed in its commit. */
export const startsRuns = ({ wait }: JournalWrite): boolean =>
  wait?.kind === "children" || wait?.kind === "invoke";

const readyAt = ({ answer, dueAt }: WaitingStep): number => answer?.at ?? dueAt;

const isShortSleep = ({ step, dueAt }: WaitingStep, now: number): boolean =>
  step.kind === "sleep" && dueAt - now < SHORT_WAIT_MS;

function pendingWrite(waiting: WaitingStep, now: number): JournalWrite {
  const { step, attempt, dueAt, wait } = waiting;
  const { key, kind, args } = step;
  // It may hold the data of a thousand children.
  waiting.wait = undefined;
  const entry: JournalEntry = {
    key,
    kind,
    state: "pending",
    attempt,
    args,
    dueAt: dueAt === Infinity ? undefined : dueAt,
    at: now,
  };
  return wait ? { entry, wait } : { entry };
}
