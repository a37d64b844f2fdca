import { z } from "zod";
import { MAX_KEY_LENGTH, MAX_RUN_TAGS, MAX_TAG_LENGTH } from "../../../runs/store/limits.ts";
import { isQueueName } from "../../../runs/store/queue-store.ts";
import { duration, durationOrTime, json } from "./fields.ts";

/** What may be said about one run when a task is triggered: the options of `tasks.trigger`. */

const tag = z.string().min(1).max(MAX_TAG_LENGTH);
export const tags = z
  .union([tag, z.array(tag).max(MAX_RUN_TAGS)])
  .transform((given) => (typeof given === "string" ? [given] : given));
export const queueName = z.string().refine(isQueueName, "it is no name of a queue");
const key = z.string().min(1).max(MAX_KEY_LENGTH);
export const idempotencyKey = z.union([key, z.array(key).min(1).max(20)]);

/** What may also be said anew about a run that is repeated. */
export const repeatable = {
  /** Starts it later: so long from now, or at a time. */
  delay: durationOrTime.optional(),
  /** The run expires if it was not started so long after it could have been; a number is seconds, 0 is never. */
  ttl: z.union([duration, z.number().min(0).max(1e9)]).optional(),
  queue: queueName.optional(),
  concurrencyKey: z.union([z.string().max(512), z.number()]).optional(),
  tags: tags.optional(),
  metadata: z.record(z.string(), json).optional(),
  maxAttempts: z.int().min(1).optional(),
  /** Seconds. */
  maxDuration: z.number().min(5).max(1e9).optional(),
  /** Seconds of head start. */
  priority: z.number().min(-1e9).max(1e9).optional(),
} as const;

export const triggerOptions = z.strictObject({
  ...repeatable,
  idempotencyKey: idempotencyKey.optional(),
  idempotencyKeyTTL: duration.optional(),
  debounce: z
    .strictObject({
      key: z.string().min(1).max(512),
      delay: duration,
      mode: z.enum(["leading", "trailing"]).optional(),
      maxDelay: duration.optional(),
    })
    .optional(),
  test: z.boolean().optional(),
});

export type TriggerOptionsBody = z.output<typeof triggerOptions>;
