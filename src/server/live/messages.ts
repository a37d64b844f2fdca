/**
 * What a live stream says: types only, so that clients may import them.
 *
 * A message is one Server-Sent Event: `event:` is its name, `data:` its JSON, and `id:` where the whole connection
 * stands once it was received. The first message of a topic is its `snapshot`; those after it are patches to it. Who
 * connects again with the last `id` gets what came after it, without a snapshot; topics that the id does not know begin
 * with theirs. `reset` says that something was missed (what the id points to is no longer kept, or the client was too
 * slow): forget the topic, its `snapshot` follows.
 *
 * Times are ISO 8601. `data`, results and the like went through the server's redaction.
 */

/** Names of topics. Ids may hold colons, queue names and run ids do not. */
export type LiveTopic =
  | `job:${string}:${string}`
  | `queue:${string}`
  | `counts:${string}`
  | `run:${string}`
  | `stream:${string}:${string}`
  | `function:${string}`
  | `task:${string}`
  | `tag:${string}`
  | `batch:${string}`
  | "stats";

/** Where a job is, as BullMQ names it. `removed`: it is gone. */
export type LiveJobState =
  | "waiting"
  | "prioritized"
  | "delayed"
  | "waiting-children"
  | "active"
  | "completed"
  | "failed"
  | "removed";

/** A job as its topic's snapshot has it. */
export interface LiveJob {
  readonly id: string;
  readonly queue: string;
  readonly name: string;
  readonly state: LiveJobState;
  readonly progress: unknown;
  readonly data: unknown;
  /** The queue manager holds this job, wherever it is, until it is resumed. @default false */
  readonly isPaused?: boolean;
  /** Of a completed job. */
  readonly returnvalue?: unknown;
  /** Of the last failure. */
  readonly failedReason?: string;
  readonly attemptsMade: number;
  readonly attemptsStarted: number;
  readonly createdAt: string;
  readonly processedAt?: string;
  readonly finishedAt?: string;
  /** The last lines of its log, at most 100. */
  readonly logs: readonly LiveLogLine[];
}

/** A line of a job's log; the first it ever had is 1. */
export interface LiveLogLine {
  readonly line: number;
  readonly text: string;
}

/** A job went from one state to another. Everyone is told, in order. */
export interface JobStatePatch {
  readonly topic: string;
  readonly state: LiveJobState;
  /** Of a completed job. */
  readonly returnvalue?: unknown;
  /** Of a failure; also before the job is tried again. */
  readonly failedReason?: string;
  /** As of now, which may be later than the change; not there if the job is gone. */
  readonly attemptsMade?: number;
  readonly attemptsStarted?: number;
  readonly processedAt?: string;
  readonly finishedAt?: string;
  /** Of a delayed job: when it is due. */
  readonly dueAt?: string;
}

/** How far a job is. Of several within the throttle, only the last. */
export interface JobProgressPatch {
  readonly topic: string;
  readonly progress: unknown;
}

/** The queue manager holds a job from now on, or no longer. */
export interface JobPausedPatch {
  readonly topic: string;
  readonly isPaused: boolean;
}

/** How many jobs of a queue are where. */
export interface LiveCounts {
  readonly waiting: number;
  readonly prioritized: number;
  readonly delayed: number;
  readonly waitingChildren: number;
  readonly active: number;
  readonly completed: number;
  readonly failed: number;
  readonly isPaused: boolean;
}

/** Of several within the throttle, only the last. */
export interface QueueCountsPatch {
  readonly topic: string;
  readonly counts: LiveCounts;
}

/** What one commit did in a queue. */
export interface QueueEventsPatch {
  readonly topic: string;
  readonly events: readonly LiveQueueEvent[];
}

/**
 * An event of a queue, as BullMQ's `QueueEvents` names it ("added", "waiting", "active", "progress", "completed",
 * "failed", "delayed", "removed", "drained", "paused", …) and its fields. `data` of "progress" and `returnvalue` of
 * "completed" are values, not JSON text.
 */
export interface LiveQueueEvent {
  readonly event: string;
  readonly jobId?: string;
  readonly [field: string]: unknown;
}

/** A run without its steps. */
export interface LiveRun {
  readonly id: string;
  readonly functionId: string;
  readonly state:
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
  /** Attempts made of the code since the last finished step. */
  readonly attempt: number;
  readonly createdAt: string;
  readonly queuedAt: string;
  readonly startedAt?: string;
  readonly finishedAt?: string;
  /** When a delayed run starts, or one that waits goes on at the latest. */
  readonly dueAt?: string;
  readonly tags: readonly string[];
  /** @default none was ever set */
  readonly metadata?: Readonly<Record<string, unknown>>;
  /** Of a completed run. */
  readonly output?: unknown;
  /** Of a run that failed. */
  readonly error?: LiveError;
}

export interface LiveError {
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
  readonly code?: string;
}

/** The last word on a step. */
export interface LiveStep {
  readonly key: string;
  readonly kind: string;
  readonly state: "pending" | "retry" | "done" | "failed";
  readonly attempt: number;
  readonly at: string;
  readonly dueAt?: string;
  readonly data?: unknown;
  readonly error?: LiveError;
}

/** Something a run said, or a span of its time. */
export interface LiveLogEntry {
  /** Its number in the run, from 1. */
  readonly seq: number;
  readonly at: string;
  readonly kind: "log" | "span";
  readonly level: "debug" | "log" | "info" | "warn" | "error";
  readonly message: string;
  readonly attempt: number;
  readonly properties?: unknown;
  readonly spanId?: string;
  readonly parentId?: string;
  readonly durationMs?: number;
}

/** All of a run, as it is now: put it in the place of the run before. */
export interface RunUpdatedPatch {
  readonly topic: string;
  readonly run: LiveRun;
}

/** A step was journaled: put it in the place of the one of its key. */
export interface StepUpdatedPatch {
  readonly topic: string;
  readonly step: LiveStep;
}

/** Of a job: `line`. Of a run: `entry`. */
export interface LogPatch {
  readonly topic: string;
  readonly line?: LiveLogLine;
  readonly entry?: LiveLogEntry;
}

/** One chunk of a stream of a run; the first is 0. */
export interface ChunkPatch {
  readonly topic: string;
  readonly index: number;
  readonly chunk: unknown;
}

/** How many runs of a function are in which state; states without runs are left out. */
export type LiveRunCounts = Readonly<Partial<Record<LiveRun["state"], number>>>;

/** One queue or one function of the topic `stats`. Of several within the throttle, only the last. */
export interface StatsPatch {
  readonly topic: "stats";
  readonly queue?: string;
  readonly counts?: LiveCounts;
  readonly functionId?: string;
  readonly runs?: LiveRunCounts;
}

/** A snapshot by the kind of its topic. Null: there is no such job or run (yet). */
export interface LiveSnapshots {
  readonly job: { readonly topic: string; readonly job: LiveJob | null };
  readonly queue: { readonly topic: string; readonly counts: LiveCounts };
  readonly counts: { readonly topic: string; readonly counts: LiveCounts };
  readonly run: {
    readonly topic: string;
    readonly run: LiveRun | null;
    /** The last of them, at most 500, in the order in which they were last written. */
    readonly steps: readonly LiveStep[];
    /** The last of them, at most 100. */
    readonly logs: readonly LiveLogEntry[];
  };
  /** Chunks follow as `chunk`, from the first on. */
  readonly stream: { readonly topic: string };
  /** Of function, task, tag and batch: the newest runs, at most 50, newest first. */
  readonly runs: { readonly topic: string; readonly runs: readonly LiveRun[] };
  readonly stats: {
    readonly topic: "stats";
    readonly queues: Readonly<Record<string, LiveCounts>>;
    readonly functions: Readonly<Record<string, LiveRunCounts>>;
  };
}

/** What was before is not to be relied on; a snapshot follows. */
export interface ResetMessage {
  readonly topic: string;
  /** `trimmed`: what came after the last id is no longer kept. `slow`: the client did not read fast enough. */
  readonly reason: "trimmed" | "slow";
}

/** A topic that whoever asks may not follow, and why, in the words of problem documents. The others are followed. */
export interface RefusedMessage {
  readonly topic: string;
  readonly status: number;
  readonly code: string;
  readonly detail: string;
}

/** The last message of a connection that the server ends. Connect again unless the token expired. */
export interface EndMessage {
  readonly reason: "closing" | "expired" | "failed";
}

/** Nothing more will come of a topic: the stream was closed, or the run it belongs to has ended. */
export interface DoneMessage {
  readonly topic: string;
}

/** `data:` of each `event:`. */
export interface LiveMessages {
  readonly snapshot: LiveSnapshots[keyof LiveSnapshots];
  readonly refused: RefusedMessage;
  readonly reset: ResetMessage;
  readonly "job.state": JobStatePatch;
  readonly "job.progress": JobProgressPatch;
  readonly "job.paused": JobPausedPatch;
  readonly "queue.counts": QueueCountsPatch;
  readonly "queue.events": QueueEventsPatch;
  readonly "run.updated": RunUpdatedPatch;
  readonly "step.updated": StepUpdatedPatch;
  readonly log: LogPatch;
  readonly chunk: ChunkPatch;
  readonly stats: StatsPatch;
  /** Of a topic `stream:…`. */
  readonly done: DoneMessage;
  readonly end: EndMessage;
}

/** The name of a message. */
export type LiveEvent = keyof LiveMessages;
