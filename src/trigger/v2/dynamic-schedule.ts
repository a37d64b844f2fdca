import { LonghaulError } from "../../core/errors.ts";
import { createEventId } from "../../runs/ids.ts";
import type { RunHost } from "../../runs/hosting.ts";
import { type CronTrigger, type IntervalTrigger, readTicks } from "../../runs/schedules.ts";
import type { ScheduleRecord } from "../../runs/store/schedule-store.ts";
import type { RunEvent } from "../../runs/types.ts";
import type { Untyped } from "../types/untyped.ts";
import { hostOf } from "./binding.ts";
import type { TriggerClient } from "./client.ts";
import type { Job } from "./job.ts";
import { keyText } from "./io/task-key.ts";
import { currentScope } from "./run-scope.ts";
import {
  type CronOptions,
  cronOf,
  type IntervalOptions,
  intervalOf,
  type ScheduledPayload,
  scheduledPayload,
} from "./triggers/scheduled-triggers.ts";
import type { JobTrigger } from "./triggers/trigger.ts";

/** When a registration of a dynamic schedule starts its jobs. */
export type ScheduleMetadata = {
  /** JSON: `ctx.source.metadata` of the runs. */
  readonly metadata?: Untyped;
  /** `ctx.account.id` of the runs. */
  readonly accountId?: string | undefined;
} & (
  | { readonly type: "cron"; readonly options: CronOptions }
  | { readonly type: "interval"; readonly options: IntervalOptions }
);

/** What a schedule in the store carries for its runs. */
interface Source {
  readonly id: string;
  readonly metadata?: unknown;
  readonly accountId?: string;
}

/**
 * A trigger whose schedules are registered while the program runs: one for each user, say. Each starts all jobs that
 * have it as their trigger.
 *
 * @example
 * const reports = client.defineDynamicSchedule({ id: "reports" });
 * client.defineJob({ ...job, trigger: reports, run: async (payload, io, ctx) => report(ctx.source.id) });
 * await reports.register(userId, { type: "cron", options: { cron: "0 9 * * *" } });
 */
export class DynamicSchedule implements JobTrigger<ScheduledPayload, Untyped> {
  readonly id: string;
  /** @internal Nothing by itself. */
  readonly triggers = [];
  readonly #client: TriggerClient;
  readonly #jobs: Job[] = [];

  /** @internal Use `client.defineDynamicSchedule`. */
  constructor(client: TriggerClient, id: string) {
    if (typeof id !== "string" || id === "")
      throw new LonghaulError("TRIGGER_V2_BAD_TRIGGER", {
        trigger: "defineDynamicSchedule()",
        reason: "it has no id",
      });
    this.#client = client;
    this.id = id;
  }

  /**
   * Registers a schedule under a key; one that is there is changed. In a run it is a task, done once.
   *
   * @throws {LonghaulError} TRIGGER_V2_BAD_TRIGGER, RUNS_TOO_LARGE
   */
  async register(key: string, schedule: ScheduleMetadata): Promise<{ id: string }> {
    const name = `register(${JSON.stringify(key)}) of the schedule ${this.id}`;
    const trigger = triggerOf(schedule, name);
    await this.#asTask([key, "register"], async (host) => {
      const { metadata, accountId } = schedule;
      const source: Source = {
        id: key,
        ...(metadata !== undefined && { metadata: metadata as unknown }),
        ...(accountId !== undefined && { accountId }),
      };
      const cron = "everyMs" in trigger ? `every ${trigger.everyMs}` : trigger.cron;
      const now = host.now();
      const common = { cron, timeZone: "UTC", externalId: JSON.stringify(source) };
      for (const { functionId } of this.#jobs)
        await host.stores.schedules.create({
          now,
          id: createEventId(now).replace("evt_", "sched_"),
          deduplicationKey: this.#keyOf(key, functionId),
          schedule: { ...common, functionId, nextAt: readTicks(trigger).next(now) },
        });
    });
    return { id: key };
  }

  /** Removes a schedule. In a run it is a task, done once. @returns whether it was there */
  async unregister(key: string): Promise<{ ok: boolean }> {
    const wasThere = await this.#asTask([key, "unregister"], async (host) => {
      const keys = new Set(this.#jobs.map(({ functionId }) => this.#keyOf(key, functionId)));
      const found = await schedulesOf(host, keys);
      await Promise.all(found.map(async ({ id }) => host.stores.schedules.delete(id)));
      return found.length > 0;
    });
    return { ok: wasThere };
  }

  /** @internal */
  payloadOf(event: RunEvent): Promise<ScheduledPayload> {
    return Promise.resolve(scheduledPayload(event));
  }

  /** @internal */
  checkInvoke(): Promise<void> {
    return Promise.resolve();
  }

  /** @internal */
  usedBy(job: Job): void {
    this.#jobs.push(job);
  }

  /** @internal */
  sourceOf(event: RunEvent): Source | undefined {
    const { externalId } = event.data as { externalId?: string };
    return externalId === undefined ? undefined : (JSON.parse(externalId) as Source);
  }

  #keyOf(key: string, functionId: string): string {
    return `v2 ${functionId} ${this.id} ${key}`;
  }

  async #asTask<T>(key: readonly string[], body: (host: RunHost) => Promise<T>): Promise<T> {
    const scope = currentScope();
    if (scope === undefined) return body(hostOf(this.#client));
    return (await scope.run.run(keyText(key, "register()"), () => body(scope.host))) as T;
  }
}

function triggerOf(schedule: ScheduleMetadata, name: string): CronTrigger | IntervalTrigger {
  if (schedule.type === "cron") return cronOf(schedule.options, name);
  if (schedule.type === "interval") return intervalOf(schedule.options, name);
  throw new LonghaulError("TRIGGER_V2_BAD_TRIGGER", {
    trigger: name,
    reason: "its type is neither cron nor interval",
  });
}

const PAGE = 100;

/** The schedules of these keys. The store has no look-up by key: nothing but this asks for it, and seldom. */
async function schedulesOf(
  host: RunHost,
  keys: ReadonlySet<string>,
): Promise<readonly ScheduleRecord[]> {
  const found: ScheduleRecord[] = [];
  for (let offset = 0; ; offset += PAGE) {
    const { schedules } = await host.stores.schedules.list({ limit: PAGE, offset });
    found.push(...schedules.filter(({ deduplicationKey }) => keys.has(deduplicationKey)));
    if (schedules.length < PAGE || found.length === keys.size) return found;
  }
}
