import type { LogRecord } from "../store/log-store.ts";
import { listSpans } from "../store/sqlite/logs.ts";
import type { StepKind } from "../types.ts";
import type { Reader } from "./reader.ts";
import type { BrowsedRun } from "./run.ts";
import { readSteps, type StepRecord } from "./steps.ts";

/**
 * The time of a run as spans: in the line, attempts, steps and waits, as far as the journal knows them, and the spans
 * that its code has logged. Window by window; a span that begins in one window and ends in a later one is in both, and
 * what the later one says completes it.
 */

/** A part of a run's time. */
export interface TraceSpan {
  /** Unique in the run. */
  readonly id: string;
  readonly parentId?: string | undefined;
  readonly kind: "queue" | "attempt" | "step" | "wait" | "log";
  readonly name: string;
  /** What kind of step it is of. */
  readonly step?: StepKind | undefined;
  /** Missing where this window does not say. */
  readonly startAt?: number | undefined;
  /** The journal says when a step ended, not when it began: the start is the end of what came before. */
  readonly isStartEstimated?: boolean | undefined;
  /** Missing while it goes on. */
  readonly endAt?: number | undefined;
  /** Until when it waits at the latest. */
  readonly dueAt?: number | undefined;
  readonly state: "active" | "done" | "failed" | "retry";
  /** Tries made so far. */
  readonly attempt: number;
  /** Of a step: where the journal has it. */
  readonly seq?: number | undefined;
  readonly message?: string | undefined;
  /** JSON text of an object, of a logged span. */
  readonly properties?: string | undefined;
}

/** Where a window begins: behind these places in the journal and in the log. */
export interface TraceCursor {
  readonly journal: number;
  readonly log: number;
  /** When the last step known so far ended, for the start of the next. */
  readonly at: number;
}

/** A window of a trace. */
export interface TraceWindow {
  readonly spans: readonly TraceSpan[];
  /** Missing on the last. */
  readonly next?: TraceCursor | undefined;
}

/** The spans of a run from a place on. */
export async function readTrace(
  reader: Reader,
  run: BrowsedRun,
  { limit, after }: { readonly limit: number; readonly after?: TraceCursor | undefined },
): Promise<TraceWindow> {
  const { journal, log, at } = after ?? { journal: 0, log: 0, at: run.startedAt ?? run.queuedAt };
  const [entries = [], logged] = await Promise.all([
    readSteps(reader, run.id, { limit, after: journal, maxData: 0 }),
    listSpans(reader, { runId: run.id, after: log, limit }),
  ]);
  const folded = foldSteps(entries, at);
  const hasMore = entries.length === limit || logged.length === limit;
  return {
    spans: [...(after ? [] : lineSpans(run)), ...folded.spans.values(), ...logged.map(toLogSpan)],
    ...(hasMore && {
      next: {
        journal: entries.at(-1)?.seq ?? journal,
        log: logged.at(-1)?.seq ?? log,
        at: folded.at,
      },
    }),
  };
}

/** From when it could have run to when it did. */
function lineSpans({ queuedAt, startedAt, finishedAt, state, dueAt }: BrowsedRun): TraceSpan[] {
  const endAt = startedAt ?? finishedAt;
  const isDelayed = state === "delayed";
  return [
    {
      ...{ id: "queue", kind: "queue", name: isDelayed ? "delayed" : "queued", attempt: 0 },
      startAt: queuedAt,
      ...(endAt !== undefined && { endAt }),
      ...(isDelayed && dueAt !== undefined && { dueAt }),
      state: endAt === undefined ? "active" : "done",
    },
  ];
}

const STATES = { pending: "active", retry: "retry", done: "done", failed: "failed" } as const;
/** Kinds whose code runs; the others wait for something. */
const WORK: ReadonlySet<StepKind> = new Set(["run", "send", "start", "createToken", "group"]);

/** The last word on each step, and when it began. */
function foldSteps(
  entries: readonly StepRecord[],
  from: number,
): { readonly spans: ReadonlyMap<string, TraceSpan>; readonly at: number } {
  const spans = new Map<string, TraceSpan>();
  let before = from;
  for (const entry of entries) {
    const { key, kind, state, attempt, at, dueAt, seq, error } = entry;
    if (kind === "attempt") {
      spans.set(`attempt ${seq}`, {
        ...{ id: `attempt ${seq}`, kind: "attempt", name: `attempt ${attempt}`, attempt, seq },
        endAt: at,
        state: "failed",
        ...(error && { message: error.message }),
      });
      before = at;
      continue;
    }
    const known = spans.get(key);
    const isWork = WORK.has(kind);
    const isOver = state === "done" || state === "failed";
    const isWaiting = state === "pending" && !isWork;
    const start = known?.startAt ?? (isWaiting ? at : isWork ? before : undefined);
    spans.set(key, {
      ...{ id: key, kind: isWork ? "step" : "wait", name: key, step: kind, seq, attempt },
      ...(start !== undefined && { startAt: start }),
      ...(isWork && { isStartEstimated: true }),
      ...(isOver && { endAt: at }),
      ...(!isOver && dueAt !== undefined && { dueAt }),
      state: STATES[state],
      ...(error && { message: error.message }),
    });
    if (isOver) before = at;
  }
  return { spans, at: before };
}

const toLogSpan = (log: LogRecord): TraceSpan => ({
  ...{ id: `log ${log.spanId ?? log.seq}`, kind: "log", name: log.message, attempt: log.attempt },
  ...(log.parentId !== undefined && { parentId: `log ${log.parentId}` }),
  startAt: log.at,
  endAt: log.at + (log.durationMs ?? 0),
  state: log.level === "error" ? "failed" : "done",
  ...(log.properties !== undefined && { properties: log.properties }),
});
