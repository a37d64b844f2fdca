import { EventEmitter } from "node:events";
import { type IQueueBackend, type JobJson, type KeysMap, QueueKeys } from "bullmq";
import { listClients } from "./clients.ts";
import { getDeduplicationJobId } from "./add/deduplication.ts";
import type { QueueEngine } from "./engine.ts";
import type { QueueReader } from "./reader.ts";
import { LonghaulError } from "../core/errors.ts";
import { realSetImmediate } from "../core/real-timers.ts";
import {
  getDependencies,
  getDependencyCounts,
  getIgnoredChildrenFailures,
  getProcessedChildrenValues,
  paginate,
} from "./flow/dependencies.ts";
import {
  getCounts,
  getCountsPerPriority,
  getJobData,
  getRanges,
  getState,
  isFinished,
  isJobInState,
} from "./jobs/getters.ts";
import { parseJobKey } from "./jobs/job-key.ts";
import { getRateLimitTtl, isMaxed } from "./process/limiter.ts";
import { getJobLogs } from "./jobs/logs.ts";
import { getQueueMeta } from "./meta.ts";
import { getMetrics } from "./metrics.ts";
import {
  getJobScheduler,
  getJobSchedulerData,
  getJobSchedulersCount,
  getJobSchedulersRange,
  isScheduler,
} from "./schedulers/scheduler.ts";
import { type QueueRef, queueRef } from "./transaction.ts";

/** The arguments and results of BullMQ's contract, so that signatures here follow it without being written again. */
export type Params<M extends keyof IQueueBackend> = IQueueBackend[M] extends (
  ...args: infer A
) => unknown
  ? A
  : never;
export type Result<M extends keyof IQueueBackend> = IQueueBackend[M] extends (
  ...args: never[]
) => infer R
  ? R
  : never;

/** The half of BullMQ's storage contract that changes nothing: names, and looks at committed data. */
export abstract class ReadingBackend extends EventEmitter {
  abstract readonly closing: Promise<void> | undefined;
  readonly keys: KeysMap;
  protected readonly engine: QueueEngine;
  protected readonly ref: QueueRef;

  constructor(engine: QueueEngine, ref: QueueRef) {
    super();
    this.engine = engine;
    this.ref = ref;
    this.keys = new QueueKeys(ref.prefix).getKeys(ref.name);
  }

  // ── names ─────────────────────────────────────────────────────────────────────────────────────────────────────

  get qualifiedName(): string {
    return this.ref.key;
  }

  toKey(type: string): string {
    return `${this.ref.key}:${type}`;
  }

  parseNodeKey(key: string): { prefix: string; queueName: string; id: string } {
    return parseJobKey(key, (queueKey) => {
      const colon = queueKey.lastIndexOf(":");
      return (
        this.engine.reader.queueId(
          queueRef(queueKey.slice(0, colon), queueKey.slice(colon + 1)),
        ) !== undefined
      );
    });
  }

  clientName(suffix = ""): string {
    return `${this.ref.prefix}:${Buffer.from(this.ref.name).toString("base64")}${suffix}`;
  }

  // ── the queue ─────────────────────────────────────────────────────────────────────────────────────────────

  getQueueMeta(): Promise<Record<string, string>> {
    return this.look((reader) => getQueueMeta(reader, this.ref));
  }

  async getQueueMetaField(field: string): Promise<string | null> {
    return (await this.getQueueMeta())[field] ?? null;
  }

  async getQueueMetaFields(fields: string[]): Promise<(string | null)[]> {
    const meta = await this.getQueueMeta();
    return fields.map((field) => meta[field] ?? null);
  }

  async hasQueueMetaField(field: string): Promise<boolean> {
    return (await this.getQueueMetaField(field)) !== null;
  }

  getRateLimitTtl(maxJobs?: number): Promise<number> {
    return this.look((reader) => getRateLimitTtl(reader, this.ref, { max: maxJobs }));
  }

  isMaxed(): Promise<boolean> {
    return this.look((reader) => isMaxed(reader, this.ref));
  }

  getJobScheduler(id: string): Result<"getJobScheduler"> {
    return this.look((reader) => getJobScheduler(reader, this.ref, { id }));
  }

  isJobScheduler(id: string): Promise<boolean> {
    return this.look((reader) => {
      const queue = reader.queueId(this.ref);
      return queue !== undefined && isScheduler(reader, { id: queue }, id);
    });
  }

  getJobSchedulerData(key: string): Promise<Record<string, string>> {
    return this.look((reader) => getJobSchedulerData(reader, this.ref, { id: key }));
  }

  getJobSchedulersRange(start: number, end: number, asc: boolean): Promise<string[]> {
    return this.look((reader) => getJobSchedulersRange(reader, this.ref, { start, end, asc }));
  }

  getJobSchedulersCount(): Promise<number> {
    return this.look((reader) => getJobSchedulersCount(reader, this.ref));
  }

  // ── looking at jobs ───────────────────────────────────────────────────────────────────────────────────────────

  getState(jobId: string): Result<"getState"> {
    return this.look((reader) => getState(reader, this.ref, { jobId }));
  }

  isFinished(jobId: string, returnValue = false): Result<"isFinished"> {
    return this.look((reader) => isFinished(reader, this.ref, { jobId, returnValue }));
  }

  isJobInState(state: string, jobId: string): Promise<boolean> {
    return this.look((reader) => isJobInState(reader, this.ref, { state, jobId }));
  }

  getJobData(jobId: string): Promise<JobJson | undefined> {
    return this.look((reader) => getJobData(reader, this.ref, { jobId }));
  }

  getDeduplicationJobId(deduplicationId: string): Promise<string | null> {
    return this.look((reader) => getDeduplicationJobId(reader, this.ref, { deduplicationId }));
  }

  getJobLogs(jobId: string, start: number, end: number, asc: boolean): Result<"getJobLogs"> {
    return this.look((reader) => getJobLogs(reader, this.ref, { jobId, start, end, asc }));
  }

  getCounts(...[types, delayedBefore]: Params<"getCounts">): Promise<number[]> {
    return this.look((reader) => getCounts(reader, this.ref, { types, delayedBefore }));
  }

  getCountsPerPriority(priorities: number[]): Promise<number[]> {
    return this.look((reader) => getCountsPerPriority(reader, this.ref, { priorities }));
  }

  getRanges(
    ...[types, start = 0, end = -1, asc = false]: Params<"getRanges">
  ): Result<"getRanges"> {
    return this.look((reader) => getRanges(reader, this.ref, { types, start, end, asc }));
  }

  getDependencyCounts(jobId: string, types: string[]): Promise<number[]> {
    return this.look((reader) => getDependencyCounts(reader, this.ref, { jobId, types }));
  }

  getDependencies(...[jobId, opts]: Params<"getDependencies">): Result<"getDependencies"> {
    return this.look((reader) => getDependencies(reader, this.ref, { jobId, opts }));
  }

  getProcessedChildrenValues(jobId: string): Promise<Record<string, string>> {
    return this.look((reader) => getProcessedChildrenValues(reader, this.ref, { jobId }));
  }

  getIgnoredChildrenFailures(jobId: string): Promise<Record<string, string>> {
    return this.look((reader) => getIgnoredChildrenFailures(reader, this.ref, { jobId }));
  }

  paginate(...[key, opts]: Params<"paginate">): Result<"paginate"> {
    return this.look((reader) => paginate(reader, this.ref, { key, ...opts }));
  }

  getMetrics(...[type, start = 0, end = -1]: Params<"getMetrics">): Result<"getMetrics"> {
    return this.look((reader) => getMetrics(reader, this.ref, { type, start, end }));
  }

  getClientList(): Promise<string[]> {
    return this.look((reader) => listClients(reader));
  }

  /**
   * Looks in the next turn of the event loop. Whoever runs now goes on first, as over a network it would, and what it
   * wrote in this turn is seen.
   */
  protected async look<T>(view: (reader: QueueReader) => T | Promise<T>): Promise<T> {
    await new Promise((resolve) => realSetImmediate(resolve));
    if (this.closing) throw new LonghaulError("STORE_CLOSED");
    return view(this.engine.reader);
  }
}
