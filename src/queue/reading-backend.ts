import { EventEmitter } from "node:events";
import { type IQueueBackend, type JobJson, type KeysMap, QueueKeys } from "bullmq";
import { listClients } from "./clients.ts";
import { getDeduplicationJobId } from "./deduplication.ts";
import type { QueueEngine } from "./engine.ts";
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
} from "./getters.ts";
import { parseJobKey } from "./job-key.ts";
import { getRateLimitTtl, isMaxed } from "./limiter.ts";
import { getJobLogs } from "./logs.ts";
import { getQueueMeta } from "./meta.ts";
import { getMetrics } from "./metrics.ts";
import {
  getJobScheduler,
  getJobSchedulerData,
  getJobSchedulersCount,
  getJobSchedulersRange,
  isScheduler,
} from "./scheduler.ts";
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

  async getQueueMeta(): Promise<Record<string, string>> {
    return getQueueMeta(this.engine.reader, this.ref);
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

  async getRateLimitTtl(maxJobs?: number): Promise<number> {
    return getRateLimitTtl(this.engine.reader, this.ref, { max: maxJobs });
  }

  async isMaxed(): Promise<boolean> {
    return isMaxed(this.engine.reader, this.ref);
  }

  async getJobScheduler(id: string): Result<"getJobScheduler"> {
    return getJobScheduler(this.engine.reader, this.ref, { id });
  }

  async isJobScheduler(id: string): Promise<boolean> {
    const queue = this.engine.reader.queueId(this.ref);
    return queue !== undefined && isScheduler(this.engine.reader, { id: queue }, id);
  }

  async getJobSchedulerData(key: string): Promise<Record<string, string>> {
    return getJobSchedulerData(this.engine.reader, this.ref, { id: key });
  }

  async getJobSchedulersRange(start: number, end: number, asc: boolean): Promise<string[]> {
    return getJobSchedulersRange(this.engine.reader, this.ref, { start, end, asc });
  }

  async getJobSchedulersCount(): Promise<number> {
    return getJobSchedulersCount(this.engine.reader, this.ref);
  }

  // ── looking at jobs ───────────────────────────────────────────────────────────────────────────────────────────

  async getState(jobId: string): Result<"getState"> {
    return getState(this.engine.reader, this.ref, { jobId });
  }

  async isFinished(jobId: string, returnValue = false): Result<"isFinished"> {
    return isFinished(this.engine.reader, this.ref, { jobId, returnValue });
  }

  async isJobInState(state: string, jobId: string): Promise<boolean> {
    return isJobInState(this.engine.reader, this.ref, { state, jobId });
  }

  async getJobData(jobId: string): Promise<JobJson | undefined> {
    return getJobData(this.engine.reader, this.ref, { jobId });
  }

  async getDeduplicationJobId(deduplicationId: string): Promise<string | null> {
    return getDeduplicationJobId(this.engine.reader, this.ref, { deduplicationId });
  }

  async getJobLogs(jobId: string, start: number, end: number, asc: boolean): Result<"getJobLogs"> {
    return getJobLogs(this.engine.reader, this.ref, { jobId, start, end, asc });
  }

  async getCounts(...[types, delayedBefore]: Params<"getCounts">): Promise<number[]> {
    return getCounts(this.engine.reader, this.ref, { types, delayedBefore });
  }

  async getCountsPerPriority(priorities: number[]): Promise<number[]> {
    return getCountsPerPriority(this.engine.reader, this.ref, { priorities });
  }

  async getRanges(
    ...[types, start = 0, end = -1, asc = false]: Params<"getRanges">
  ): Result<"getRanges"> {
    return getRanges(this.engine.reader, this.ref, { types, start, end, asc });
  }

  async getDependencyCounts(jobId: string, types: string[]): Promise<number[]> {
    return getDependencyCounts(this.engine.reader, this.ref, { jobId, types });
  }

  async getDependencies(...[jobId, opts]: Params<"getDependencies">): Result<"getDependencies"> {
    return getDependencies(this.engine.reader, this.ref, { jobId, opts });
  }

  async getProcessedChildrenValues(jobId: string): Promise<Record<string, string>> {
    return getProcessedChildrenValues(this.engine.reader, this.ref, { jobId });
  }

  async getIgnoredChildrenFailures(jobId: string): Promise<Record<string, string>> {
    return getIgnoredChildrenFailures(this.engine.reader, this.ref, { jobId });
  }

  async paginate(...[key, opts]: Params<"paginate">): Result<"paginate"> {
    return paginate(this.engine.reader, this.ref, { key, ...opts });
  }

  async getMetrics(...[type, start = 0, end = -1]: Params<"getMetrics">): Result<"getMetrics"> {
    return getMetrics(this.engine.reader, this.ref, { type, start, end });
  }

  async getClientList(): Promise<string[]> {
    return listClients(this.engine.reader);
  }
}
