import { MAX_NAME_LENGTH } from "./limits.ts";
import type { SlotClaim } from "./run-store.ts";

/** A named line with a limit. */
export interface QueueRecord {
  readonly name: string;
  /** "task": the queue of one function, `task/<function id>`. */
  readonly type: "task" | "custom";
  readonly isPaused: boolean;
  /** Runs that are in line: not those that are delayed or wait. */
  readonly queued: number;
  readonly running: number;
  /** The limit that counts; none if undefined. With concurrency keys, each key has it to itself. */
  readonly limit?: number | undefined;
  /** What the code says. */
  readonly baseLimit?: number | undefined;
  /** What counts instead. */
  readonly overrideLimit?: number | undefined;
  readonly overriddenAt?: number | undefined;
}

/**
 * Queues of runs, by name. A queue exists once it was declared, used by a {@link queueSlot}, paused or overridden;
 * `task/<function id>` is there for every function that is known. Changes count at once: for runs that are in line, and
 * for those that come back from a wait. Those that run keep their slot until they wait or end.
 */
export interface QueueStore {
  /** Says what the code says about queues; those that it does not name stay as they are. */
  declare(params: {
    readonly now: number;
    readonly queues: readonly { readonly name: string; readonly limit?: number | undefined }[];
  }): Promise<void>;
  /** `undefined` if there is no such queue. */
  retrieve(name: string): Promise<QueueRecord | undefined>;
  /** Queues, by name. */
  list(params: {
    readonly limit: number;
    /** How many to pass by. @default 0 */
    readonly offset?: number | undefined;
    /** The name that the page begins after. @default from the first */
    readonly after?: string | undefined;
  }): Promise<{ readonly queues: readonly QueueRecord[]; readonly count: number }>;
  /** Stops a queue, or lets it go on: none of its runs is claimed while it is paused. */
  setPaused(params: {
    readonly now: number;
    readonly name: string;
    readonly isPaused: boolean;
  }): Promise<QueueRecord | undefined>;
  /** Puts a limit in the place of the code's; `undefined` ends that. */
  override(params: {
    readonly now: number;
    readonly name: string;
    readonly limit: number | undefined;
  }): Promise<QueueRecord | undefined>;
}

/** A limit that is none. */
export const UNLIMITED: number = Number.MAX_SAFE_INTEGER;

const PREFIX = "queue:";
const TASK_PREFIX = "task/";

/** The name of the queue that a function's runs are in if nothing else is said. */
export const taskQueueName = (functionId: string): string => `${TASK_PREFIX}${functionId}`;

/** Whether a queue is that of one function. */
export const isTaskQueue = (name: string): boolean => name.startsWith(TASK_PREFIX);

/** The function whose queue it is; `undefined` if it is none's. */
export const functionOfQueue = (name: string): string | undefined =>
  isTaskQueue(name) ? name.slice(TASK_PREFIX.length) : undefined;

/**
 * The slot of a run in a queue. A run of the queue `task/<its function>` without limit and key needs none.
 *
 * @param limit the code's, if it has one
 * @param concurrencyKey each key has the limit to itself
 */
export function queueSlot(name: string, limit?: number, concurrencyKey = ""): SlotClaim {
  return { key: `${queuePrefix(name)}${concurrencyKey}`, limit: limit ?? UNLIMITED };
}

/** What the keys of all slots of a queue begin with. */
export const queuePrefix = (name: string): string => `${PREFIX}${name}\n`;

/** The queue that a slot belongs to; `undefined` if to none. */
export function queueOfSlot(key: string): string | undefined {
  if (!key.startsWith(PREFIX)) return undefined;
  return key.slice(PREFIX.length, key.indexOf("\n"));
}

/** Whether something can be the name of a queue: 1 to 512 characters, none of them a control character. */
export const isQueueName = (name: string): boolean =>
  name.length > 0 && name.length <= MAX_NAME_LENGTH && !/\p{Cc}/u.test(name);
