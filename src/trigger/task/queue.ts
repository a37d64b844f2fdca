import { LonghaulError } from "../../core/errors.ts";
import type { Queue, QueueOptions } from "../types/task.ts";
import { readQueue } from "./options.ts";

/** The limits of the queues that this process has made, by name. */
const limits = new Map<string, number | undefined>();

/**
 * Makes a queue that several tasks may use, or that a trigger may name.
 * @throws {LonghaulError} TASK_BAD_OPTION
 */
export function queue(options: QueueOptions & { readonly name: string }): Queue {
  const { name, concurrencyLimit } = readQueue(options, "a queue");
  if (name === undefined)
    throw new LonghaulError("TASK_BAD_OPTION", { owner: "a queue", reason: "it has no name" });
  limits.set(name, concurrencyLimit);
  return { name, concurrencyLimit };
}

/** The limit of a queue, if this process has made it with one. */
export const queueLimit = (name: string): number | undefined => limits.get(name);

/** The queues that this process has made with a limit. */
export const madeQueues = (): { name: string; limit: number }[] =>
  [...limits].flatMap(([name, limit]) => (limit === undefined ? [] : [{ name, limit }]));
