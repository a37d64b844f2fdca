import { randomBytes } from "node:crypto";
import type { SqliteStore } from "../../../storage/sqlite/store.ts";
import type { BatchStore } from "../batch-store.ts";
import { checkJson, checkKey, checkSize, checkTags, checkToken } from "../checks.ts";
import {
  MAX_CHUNK_BYTES,
  MAX_CHUNKS,
  MAX_NAME_LENGTH,
  MAX_PAGE,
  MAX_TOKEN_OUTPUT_BYTES,
} from "../limits.ts";
import type { LogStore } from "../log-store.ts";
import type { MetadataStore } from "../metadata-store.ts";
import type { QueueStore } from "../queue-store.ts";
import type { RunListStore } from "../run-list.ts";
import type { RunStores } from "../run-stores.ts";
import type { ScheduleStore } from "../schedule-store.ts";
import type { StartStore } from "../start-store.ts";
import type { StreamStore } from "../stream-store.ts";
import type { TagStore } from "../tag-store.ts";
import type { TokenStore } from "../token-store.ts";
import type { ValueStore } from "../value-store.ts";
import { createBatch, getBatch } from "./batches.ts";
import * as crons from "./crons.ts";
import { resetIdempotency } from "./dedupe.ts";
import { appendLogs, listLogs } from "./logs.ts";
import { applyMetadata, findMetadata } from "./metadata.ts";
import { reschedule } from "./postpone.ts";
import {
  declareQueues,
  getQueue,
  isDeclared,
  listQueues,
  overrideQueue,
  pauseQueue,
} from "./queues.ts";
import { listByFilter } from "./run-list.ts";
import { type WatchHost, watchRun, watchRuns, watchStream } from "./run-watch.ts";
import { appendChunks, closeStream, readStream, streamNames } from "./streams.ts";
import { addTags } from "./tags.ts";
import { listTokens } from "./token-list.ts";
import { completeToken, createToken, findToken } from "./tokens.ts";
import type { RunTransaction } from "./transaction.ts";
import { deleteValue, getValue, keepValue, setValue } from "./values.ts";

/** What the stores need of the run store they belong to. */
export interface StoresHost extends WatchHost {
  readonly reader: Pick<SqliteStore, "query">;
  /** For reads outside of transactions; throws when the store is closed. */
  readonly tx: RunTransaction;
  write<T>(label: string, operation: (tx: RunTransaction) => T): Promise<T>;
}

/** A page is not longer than that, whatever is asked for. */
const bounded = <P extends { readonly limit: number }>(params: P): P => ({
  ...params,
  limit: Math.min(Math.max(Math.floor(params.limit), 0), MAX_PAGE),
});

/** What is kept beside runs, in SQLite. Each method is here; what it does is in a file of its theme. */
export class SqliteRunStores implements RunStores {
  readonly tokens: TokenStore;
  readonly tags: TagStore;
  readonly metadata: MetadataStore;
  readonly queues: QueueStore;
  readonly schedules: ScheduleStore;
  readonly streams: StreamStore;
  readonly logs: LogStore;
  readonly batches: BatchStore;
  readonly runs: RunListStore;
  readonly starts: StartStore;
  readonly values: ValueStore;
  /** Functions whose schedules this process ticks. */
  #served: readonly string[] = [];

  constructor(host: StoresHost) {
    this.tokens = tokens(host);
    this.tags = {
      add: async (params) => {
        checkTags(params.tags);
        return host.write("run:tags", (tx) => addTags(tx, params));
      },
    };
    this.metadata = {
      get: async (runId) => findMetadata(host.tx, runId),
      change: (params) => host.write("run:metadata", (tx) => applyMetadata(tx, params)),
    };
    this.queues = queues(host);
    this.schedules = this.#schedules(host);
    this.streams = streams(host);
    this.logs = {
      append: (params) => host.write("run:log", (tx) => appendLogs(tx, params)),
      list: (params) => listLogs(host.reader, bounded(params)),
    };
    this.batches = {
      create: async (params) => {
        checkKey("The id of a batch", params.id);
        checkKey("The idempotency key of a batch", params.idempotency?.key);
        return host.write("run:batch", (tx) => createBatch(tx, params));
      },
      retrieve: (id) => getBatch(host.reader, id),
    };
    this.runs = {
      list: (params) => listByFilter(host.reader, bounded(params)),
      watchRun: (runId, signal) => watchRun(host, runId, signal),
      watch: (filter, signal) => watchRuns(host, filter, signal),
    };
    this.starts = {
      resetIdempotency: (params) =>
        host.write("run:reset-key", (tx) => resetIdempotency(tx, params)),
      reschedule: (params) => host.write("run:reschedule", (tx) => reschedule(tx, params)),
    };
    this.values = {
      get: async (params) => getValue(host.tx, params),
      set: (params) => host.write("run:value", (tx) => setValue(tx, params)),
      delete: (params) => host.write("run:value-delete", (tx) => deleteValue(tx, params)),
    };
  }

  /** When a schedule that this process ticks is due next. */
  nextTick(tx: RunTransaction): number {
    return crons.nextCron(tx, this.#served);
  }

  #schedules(host: StoresHost): ScheduleStore {
    return {
      create: async (params) => {
        checkKey("The key of a schedule", params.deduplicationKey);
        checkKey("The id of a schedule", params.id);
        checkKey("The external id of a schedule", params.schedule.externalId);
        return host.write("run:cron-create", (tx) => crons.createCron(tx, params));
      },
      retrieve: async (id) => crons.findCron(host.tx, id),
      update: async (params) => {
        checkKey("The external id of a schedule", params.schedule.externalId);
        return host.write("run:cron-update", (tx) => crons.updateCron(tx, params));
      },
      delete: (id) => host.write("run:cron-delete", (tx) => crons.deleteCron(tx, id)),
      setActive: (params) =>
        host.write("run:cron-activate", (tx) => crons.activateCron(tx, params)),
      list: (params) => crons.listCrons(host.reader, bounded(params)),
      serve: (functionIds) => {
        this.#served = functionIds;
      },
      due: async ({ now }) => crons.dueCrons(host.tx, this.#served, now),
      tick: (params) => host.write("run:cron-tick", (tx) => crons.tickCron(tx, params)),
    };
  }
}

const tokens = (host: StoresHost): TokenStore => ({
  create: async (params) => {
    checkToken(params.token);
    return host.write("run:token", (tx) => createToken(tx, params.token, params.now));
  },
  complete: async (params) => {
    checkJson("The output of a token", params.output, MAX_TOKEN_OUTPUT_BYTES);
    return host.write("run:token-complete", (tx) => completeToken(tx, params));
  },
  retrieve: async (id) => findToken(host.tx, id),
  secret: async ({ now }) => {
    const place = { space: "longhaul/tokens", name: "secret" };
    const known = getValue(host.tx, place);
    if (known !== undefined) return known;
    const made = { ...place, now, value: randomBytes(32).toString("base64url") };
    return host.write("run:token-secret", (tx) => keepValue(tx, made));
  },
  list: (params) => listTokens(host.reader, bounded(params)),
});

const queues = (host: StoresHost): QueueStore => ({
  declare: async (params) => {
    // Most starts of a process bring nothing new.
    if (isDeclared(host.tx, params)) return;
    await host.write("run:queues", (tx) => declareQueues(tx, params));
  },
  retrieve: (name) => getQueue(host.reader, name),
  list: (params) => listQueues(host.reader, bounded(params)),
  setPaused: async (params) => {
    const isThere = await host.write("run:queue-pause", (tx) => pauseQueue(tx, params));
    return isThere ? getQueue(host.reader, params.name) : undefined;
  },
  override: async (params) => {
    const isThere = await host.write("run:queue-override", (tx) => overrideQueue(tx, params));
    return isThere ? getQueue(host.reader, params.name) : undefined;
  },
});

const streams = (host: StoresHost): StreamStore => ({
  append: async (params) => {
    const { stream, chunks } = params;
    checkSize("The name of a stream", stream.length, MAX_NAME_LENGTH);
    checkSize("The list of chunks", chunks.length, MAX_CHUNKS);
    for (const chunk of chunks) checkSize("A chunk", Buffer.byteLength(chunk), MAX_CHUNK_BYTES);
    return host.write("run:stream", (tx) => appendChunks(tx, params));
  },
  close: (params) => host.write("run:stream-close", (tx) => closeStream(tx, params)),
  read: (params) => readStream(host.reader, bounded(params)),
  watch: (params, signal) => watchStream(host, params, signal),
  names: (runId) => streamNames(host.reader, runId),
});
