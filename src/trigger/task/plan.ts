import { LonghaulError } from "../../core/errors.ts";
import type { FunctionDefinition, Trigger } from "../../runs/definition.ts";
import { validateDefinition } from "../../runs/flow-control/validate.ts";
import { taskQueueName } from "../../runs/store/queue-store.ts";
import { secondsOrText } from "../durations.ts";
import type { TaskRetryOptions } from "../retry/retry-options.ts";
import { type Parser, parserOf } from "../schema.ts";
import type { LifecycleHooks } from "../types/hooks.ts";
import type { MachinePreset } from "../types/context.ts";
import type { CronOptions, TaskEvent } from "../types/task.ts";
import { callSite } from "./call-site.ts";
import { checkOptions, ownerOf, readMachine, readMaxDuration, readQueue } from "./options.ts";
import { readCron } from "./cron.ts";

/** A task as it was understood. */
export interface TaskPlan {
  readonly id: string;
  readonly description: string | undefined;
  /** The file that made it, as far as the stack says. */
  readonly filePath: string;
  readonly hooks: LifecycleHooks;
  readonly retry: TaskRetryOptions | undefined;
  readonly queue: { readonly name: string; readonly limit: number | undefined };
  readonly machine: MachinePreset | undefined;
  readonly maxDurationMs: number | undefined;
  /** 0: never, whatever the configuration says. */
  readonly ttlMs: number | undefined;
  readonly parse: Parser | undefined;
  readonly schema: unknown;
  readonly jsonSchema: unknown;
  readonly events: readonly TaskEvent[];
  readonly cron: CronOptions | undefined;
  readonly run: (payload: unknown, params: never) => unknown;
}

/**
 * Reads the options of a task.
 * @throws {LonghaulError} TASK_BAD_OPTION, TASK_BAD_DURATION
 */
export function readPlan(input: unknown): TaskPlan {
  const options = checkOptions(input);
  const { id } = options;
  const owner = ownerOf(id);
  const queue = readQueue(options["queue"], owner);
  const { schema } = options;
  const plan: TaskPlan = {
    id,
    description: options["description"] as string | undefined,
    filePath: callSite(),
    hooks: options as LifecycleHooks,
    retry: options["retry"] as TaskRetryOptions | undefined,
    queue: { name: queue.name ?? taskQueueName(id), limit: queue.concurrencyLimit },
    machine: readMachine(options["machine"], owner),
    maxDurationMs: readMaxDuration(options["maxDuration"], owner),
    ttlMs: readTtl(options["ttl"], id),
    parse: schema === undefined ? undefined : parserOf(schema, owner),
    schema,
    jsonSchema: options["jsonSchema"],
    events: readEvents(options["on"], owner),
    cron: options["cron"] === undefined ? undefined : readCron(options["cron"], owner),
    run: options["run"] as TaskPlan["run"],
  };
  validateDefinition({ ...STUB, id, triggers: triggersOf(plan) });
  return plan;
}

/** What starts the task besides its triggers by name. */
export function triggersOf({ events, cron }: TaskPlan): Trigger[] {
  const triggers: Trigger[] = events.map(({ event, if: condition }) =>
    condition === undefined ? { event } : { event, if: condition },
  );
  if (cron) {
    const { pattern, timezone } = cron;
    // The event of a tick shows the cron as it is here, and so its zone.
    triggers.push({ cron: timezone === undefined ? pattern : `TZ=${timezone} ${pattern}` });
  }
  return triggers;
}

const readTtl = (ttl: unknown, id: string): number | undefined =>
  ttl === undefined ? undefined : secondsOrText(ttl as string | number, `ttl of the task ${id}`);

function readEvents(on: unknown, owner: string): TaskEvent[] {
  if (on === undefined) return [];
  return (Array.isArray(on) ? on : [on]).map((one: unknown) => {
    if (typeof one === "string") return { event: one };
    const { event, if: condition } = one as Partial<TaskEvent>;
    if (typeof event === "string") return { event, if: condition };
    throw new LonghaulError("TASK_BAD_OPTION", { owner, reason: "on names no event" });
  });
}

const STUB: Omit<FunctionDefinition, "id" | "triggers"> = {
  retries: 0,
  backoff: () => 0,
  handler: () => Promise.resolve(),
};
