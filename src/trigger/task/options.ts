import { LonghaulError } from "../../core/errors.ts";
import { isQueueName } from "../../runs/store/queue-store.ts";
import { secondsOrText } from "../durations.ts";
import { checkRetry } from "../retry/retry-options.ts";
import type { HookName } from "../types/hooks.ts";
import type { QueueOptions } from "../types/task.ts";
import type { MachinePreset } from "../types/context.ts";
import { isMachine } from "./machines.ts";

const HOOKS: readonly HookName[] = [
  "init",
  "onStart",
  "onStartAttempt",
  "onSuccess",
  "onFailure",
  "onComplete",
  "onWait",
  "onResume",
  "onCancel",
  "catchError",
  "handleError",
  "middleware",
  "cleanup",
];

const KNOWN: ReadonlySet<string> = new Set([
  ...HOOKS,
  "id",
  "description",
  "retry",
  "queue",
  "machine",
  "maxDuration",
  "ttl",
  "on",
  "cron",
  "run",
  "schema",
  "jsonSchema",
]);

const MIN_DURATION_S = 5;
const MAX_ID_LENGTH = 256;

/** Options of a task, checked. */
export type CheckedOptions = Readonly<Record<string, unknown>> & { readonly id: string };

/**
 * Refuses what cannot work where the task is made, so that the stack shows the line.
 * @throws {LonghaulError} TASK_BAD_OPTION, TASK_BAD_DURATION
 */
export function checkOptions(input: unknown): CheckedOptions {
  if (typeof input !== "object" || input === null) throw bad("", "it was given no options");
  const options = input as CheckedOptions;
  const id: unknown = options.id;
  if (typeof id !== "string" || id === "" || id.length > MAX_ID_LENGTH)
    throw bad(String(id), `id must be text of 1 to ${MAX_ID_LENGTH} characters`);
  const unknown = Object.keys(options).find((name) => !KNOWN.has(name));
  if (unknown !== undefined) throw bad(id, `there is no option ${unknown}`);
  if (typeof options["run"] !== "function") throw bad(id, "run must be a function");
  for (const hook of HOOKS)
    if (options[hook] !== undefined && typeof options[hook] !== "function")
      throw bad(id, `${hook} must be a function`);
  if (options["retry"] !== undefined) checkRetry(options["retry"] as object, ownerOf(id));
  if (options["ttl"] !== undefined)
    secondsOrText(options["ttl"] as string | number, `ttl of the task ${id}`);
  return options;
}

/** How errors name a task. */
export const ownerOf = (id: string): string => `the task ${JSON.stringify(id)}`;

const bad = (id: string, reason: string): LonghaulError =>
  new LonghaulError("TASK_BAD_OPTION", { owner: ownerOf(id), reason });

/** @throws {LonghaulError} TASK_BAD_OPTION */
export function readMaxDuration(seconds: unknown, owner: string): number | undefined {
  if (seconds === undefined || seconds === Infinity) return undefined;
  if (typeof seconds === "number" && seconds >= MIN_DURATION_S) return seconds * 1_000;
  const reason = `maxDuration must be a number of seconds, at least ${MIN_DURATION_S}`;
  throw new LonghaulError("TASK_BAD_OPTION", { owner, reason });
}

/** @throws {LonghaulError} TASK_BAD_OPTION */
export function readQueue(queue: unknown, owner: string): QueueOptions {
  if (queue === undefined) return {};
  const options = typeof queue === "string" ? { name: queue } : (queue as QueueOptions);
  const { name, concurrencyLimit: limit } = options;
  if (name !== undefined && (typeof name !== "string" || !isQueueName(name)))
    throw new LonghaulError("TASK_BAD_OPTION", { owner, reason: "the queue's name is no name" });
  if (limit !== undefined && (!Number.isSafeInteger(limit) || limit < 0))
    throw new LonghaulError("TASK_BAD_OPTION", {
      owner,
      reason: `concurrencyLimit is ${String(limit)}, and must be a whole number from 0 up`,
    });
  return options;
}

/** @throws {LonghaulError} TASK_BAD_OPTION */
export function readMachine(machine: unknown, owner: string): MachinePreset | undefined {
  if (machine === undefined) return undefined;
  const name: unknown =
    typeof machine === "object" && machine !== null && "preset" in machine
      ? machine.preset
      : machine;
  if (isMachine(name)) return name;
  throw new LonghaulError("TASK_BAD_OPTION", {
    owner,
    reason: `there is no machine ${String(name)}`,
  });
}
