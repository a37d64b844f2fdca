import { type QueueRef, queueRef } from "../transaction.ts";

/** The prefix that BullMQ gives a queue unless told otherwise. */
const DEFAULT_PREFIX = "bull";

/** How people see the name of a queue: with its prefix only if that is not the usual one. */
export const shownQueueName = (prefix: string, name: string): string =>
  prefix === DEFAULT_PREFIX ? name : `${prefix}:${name}`;

/** The queue that a shown name means. Names of queues have no colon. */
export function queueOfName(shown: string): QueueRef {
  const colon = shown.lastIndexOf(":");
  return colon < 0
    ? queueRef(DEFAULT_PREFIX, shown)
    : queueRef(shown.slice(0, colon), shown.slice(colon + 1));
}
