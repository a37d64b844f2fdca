import type { RunHost } from "../../runs/hosting.ts";
import { functionOfQueue, type QueueRecord } from "../../runs/store/queue-store.ts";
import { currentHost } from "../host/binding.ts";
import { type QueueTypeName, readQueueName } from "./list-runs.ts";
import { type OffsetPage, PagePromise, readOffsetPage } from "./pages.ts";
import { checkProperties, notFound, readWhole } from "./refusals.ts";

/** A queue by its id, or by its type and name. */
export type QueueRef = string | QueueTypeName;

/** A queue as it is. */
export interface QueueInfo {
  readonly id: string;
  /** That of a task's own queue is the id of the task. */
  readonly name: string;
  readonly type: "task" | "custom";
  readonly running: number;
  /** Runs that are in line: not those that are delayed or wait. */
  readonly queued: number;
  readonly paused: boolean;
  /** The limit that counts; none if null. */
  readonly concurrencyLimit: number | null;
  readonly concurrency: {
    readonly current: number | null;
    /** What the code says. */
    readonly base: number | null;
    /** What counts instead. */
    readonly override: number | null;
    readonly overriddenAt: Date | null;
  };
}

const MAX_PER_PAGE = 100;
const MAX_LIMIT = 100_000;

/** Queues: how many runs are in them, whether they move, and their limits. Changes count at once, in all processes. */
export const queues = {
  /** Queues by their names. */
  list(
    options: {
      /** From 1. @default 1 */
      readonly page?: number | undefined;
      /** At most 100. @default 20 */
      readonly perPage?: number | undefined;
    } = {},
  ): PagePromise<QueueInfo, OffsetPage<QueueInfo>> {
    return PagePromise.of(list(options));
  },

  /** @throws {LonghaulError} TASK_NOT_FOUND */
  async retrieve(queue: QueueRef): Promise<QueueInfo> {
    const { stores } = currentHost();
    return found(queue, await stores.queues.retrieve(nameOf("queues.retrieve", queue)));
  },

  /** Keeps the runs of a queue from starting, and from going on after a wait. @throws {LonghaulError} TASK_NOT_FOUND */
  pause: (queue: QueueRef): Promise<QueueInfo> => setPaused("queues.pause", queue, true),

  /** @throws {LonghaulError} TASK_NOT_FOUND */
  resume: (queue: QueueRef): Promise<QueueInfo> => setPaused("queues.resume", queue, false),

  /** Puts a limit in the place of the code's. @throws {LonghaulError} TASK_NOT_FOUND, TASK_BAD_CALL */
  overrideConcurrencyLimit(queue: QueueRef, concurrencyLimit: number): Promise<QueueInfo> {
    const call = "queues.overrideConcurrencyLimit";
    return override(call, queue, () =>
      readWhole(call, "the limit", concurrencyLimit, { min: 0, max: MAX_LIMIT }),
    );
  },

  /** Lets the code's limit count again. @throws {LonghaulError} TASK_NOT_FOUND */
  resetConcurrencyLimit: (queue: QueueRef): Promise<QueueInfo> =>
    override("queues.resetConcurrencyLimit", queue, () => undefined),
};

async function setPaused(call: string, queue: QueueRef, isPaused: boolean): Promise<QueueInfo> {
  const host = currentHost();
  const name = nameOf(call, queue);
  return found(queue, await host.stores.queues.setPaused({ now: host.now(), name, isPaused }));
}

async function override(
  call: string,
  queue: QueueRef,
  readLimit: () => number | undefined,
): Promise<QueueInfo> {
  const limit = readLimit();
  const host: RunHost = currentHost();
  const name = nameOf(call, queue);
  return found(queue, await host.stores.queues.override({ now: host.now(), name, limit }));
}

async function list(options: {
  readonly page?: number | undefined;
  readonly perPage?: number | undefined;
}): Promise<OffsetPage<QueueInfo>> {
  const call = "queues.list";
  checkProperties(call, options, ["page", "perPage"]);
  const page = readWhole(call, "page", options.page ?? 1, { min: 1 });
  const perPage = readWhole(call, "perPage", options.perPage ?? 20, { min: 1, max: MAX_PER_PAGE });
  const { stores } = currentHost();
  const read = async (range: { readonly limit: number; readonly offset: number }) => {
    const { queues: items, count } = await stores.queues.list(range);
    return { items: items.map(toInfo), count };
  };
  return readOffsetPage(read, perPage, page);
}

const nameOf = (call: string, queue: unknown): string => readQueueName(call, queue);

const found = (queue: QueueRef, record: QueueRecord | undefined): QueueInfo =>
  record ? toInfo(record) : notFound("queue", typeof queue === "string" ? queue : queue.name);

function toInfo(queue: QueueRecord): QueueInfo {
  const { name, type, running, queued, isPaused, limit = null, overriddenAt } = queue;
  return {
    id: name,
    name: functionOfQueue(name) ?? name,
    type,
    running,
    queued,
    paused: isPaused,
    concurrencyLimit: limit,
    concurrency: {
      current: limit,
      base: queue.baseLimit ?? null,
      override: queue.overrideLimit ?? null,
      overriddenAt: overriddenAt === undefined ? null : new Date(overriddenAt),
    },
  };
}
