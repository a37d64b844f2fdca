import { z } from "zod";

/** Parts that the answers and the questions of these routes are made of. */

/** Of a queue with another prefix than BullMQ's default: `prefix:name`. */
export const queueName = z.string().min(1).max(512);
export const jobId = z.string().min(1).max(512);
export const queueParams = z.object({ queue: queueName });
export const jobParams = z.object({ queue: queueName, jobId });

/** ISO 8601. */
export const time = z.iso.datetime();
/** JSON of the user's: whatever it is. */
export const json = z.unknown();

/** What can be bound in BullMQ. */
export const count = z.int().min(0).max(Number.MAX_SAFE_INTEGER);

/** `true` or `false`. */
export const flag = z.enum(["true", "false"]).transform((text) => text === "true");

/** The longest time that a date can have, epoch ms. */
const LAST_TIME = 8.64e15;

export const iso = (ms: number): string =>
  new Date(Math.min(Math.max(ms, -LAST_TIME), LAST_TIME)).toISOString();
export const isoOrNull = (ms: number | null | undefined): string | null =>
  ms === null || ms === undefined ? null : iso(ms);

/** Done, with nothing to say. */
export const done = z.object({ ok: z.literal(true) });
export const DONE = { ok: true } as const;
