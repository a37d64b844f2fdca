import type {
  LiveCounts,
  LiveJob,
  LiveLogEntry,
  LiveLogLine,
  LiveQueueEvent,
  LiveRun,
  LiveRunCounts,
  LiveStep,
} from "../../server/live/messages.ts";
import type { LiveMessage, LiveProblem } from "./source.ts";

/**
 * What is known of a topic; each topic fills what it is about. A new object after each change, and what has not changed
 * in it is the same as before. Of what grows the newest are kept.
 */
export interface TopicState {
  /** Whether the first snapshot has come. */
  readonly isKnown: boolean;
  /** Why it is not followed. */
  readonly problem?: LiveProblem;
  /** Nothing more will come. */
  readonly isDone: boolean;
  /** Of `job:…`. Null: there is none (any more). */
  readonly job?: LiveJob | null;
  /** Of `queue:…` and `counts:…`. */
  readonly counts?: LiveCounts;
  /** Of `queue:…`: what happened since the page follows it, at most 1,000. */
  readonly events?: readonly LiveQueueEvent[];
  /** Of `run:…`. Null: there is none. */
  readonly run?: LiveRun | null;
  readonly steps?: readonly LiveStep[];
  readonly logs?: readonly LiveLogEntry[];
  /** Of `stream:…`: all chunks. */
  readonly chunks?: readonly unknown[];
  /** Of `function:…`, `task:…`, `tag:…`, `batch:…`: the newest runs, newest first. */
  readonly runs?: readonly LiveRun[];
  /** Of `stats`. */
  readonly queues?: Readonly<Record<string, LiveCounts>>;
  readonly functions?: Readonly<Record<string, LiveRunCounts>>;
  /** How many events and log lines were said in all; to tell which are new. */
  readonly said: number;
}

/** Before anything was said. */
export const NOTHING: TopicState = { isKnown: false, isDone: false, said: 0 };

const EVENTS_KEPT = 1_000;
const LOGS_KEPT = 100;
const RUNS_KEPT = 50;

/** A topic after a message about it. */
export function applyMessage(state: TopicState, message: LiveMessage): TopicState {
  switch (message.event) {
    case "snapshot": {
      const { topic: _, ...about } = message.data;
      return {
        ...NOTHING,
        said: state.said,
        ...emptyLists(message.data.topic),
        ...about,
        isKnown: true,
      };
    }
    case "reset":
      return { ...NOTHING, said: state.said };
    case "refused": {
      const { topic: _, ...problem } = message.data;
      return { ...state, problem };
    }
    case "job.state":
    case "job.progress":
    case "job.paused": {
      const { topic: _, ...change } = message.data;
      return state.job ? { ...state, job: { ...state.job, ...change } } : state;
    }
    case "queue.counts":
      return { ...state, counts: message.data.counts };
    case "queue.events":
      return grow(state, "events", message.data.events, EVENTS_KEPT);
    case "run.updated":
      return withRun(state, message.data.run);
    case "step.updated": {
      const { step } = message.data;
      return {
        ...state,
        steps: [...(state.steps ?? []).filter(({ key }) => key !== step.key), step],
      };
    }
    case "log":
      return withLog(state, message.data);
    case "chunk": {
      const { index, chunk } = message.data;
      const chunks = state.chunks ?? [];
      // What was said before a reconnect may be said again.
      return index < chunks.length ? state : { ...state, chunks: [...chunks, chunk] };
    }
    case "stats": {
      const { queue, counts, functionId, runs } = message.data;
      return {
        ...state,
        ...(queue !== undefined && counts && { queues: { ...state.queues, [queue]: counts } }),
        ...(functionId !== undefined &&
          runs && { functions: { ...state.functions, [functionId]: runs } }),
      };
    }
    case "done":
      return { ...state, isDone: true };
    case "end":
      return state;
  }
}

/** Lists that a snapshot leaves out because they begin empty. */
function emptyLists(topic: string): Pick<TopicState, "chunks" | "events"> {
  if (topic.startsWith("stream:")) return { chunks: [] };
  return topic.startsWith("queue:") ? { events: [] } : {};
}

/** `run:…` has one, the others a list. A run that is new goes to the front. */
function withRun(state: TopicState, run: LiveRun): TopicState {
  const { runs } = state;
  if (!runs) return { ...state, run };
  const at = runs.findIndex(({ id }) => id === run.id);
  if (at < 0) return { ...state, runs: [run, ...runs].slice(0, RUNS_KEPT) };
  return { ...state, runs: runs.with(at, run) };
}

function withLog(
  state: TopicState,
  { line, entry }: { readonly line?: LiveLogLine; readonly entry?: LiveLogEntry },
): TopicState {
  if (entry) return grow(state, "logs", [entry], LOGS_KEPT);
  if (!line || !state.job) return state;
  return { ...state, job: { ...state.job, logs: [...state.job.logs, line].slice(-LOGS_KEPT) } };
}

function grow<Field extends "events" | "logs">(
  state: TopicState,
  field: Field,
  more: NonNullable<TopicState[Field]>,
  kept: number,
): TopicState {
  const list = [...(state[field] ?? []), ...more].slice(-kept);
  return { ...state, [field]: list, said: state.said + more.length };
}
