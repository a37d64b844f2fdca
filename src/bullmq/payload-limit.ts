import { LonghaulError } from "../core/errors.ts";
import type { PayloadLimits } from "./types.ts";

/**
 * What is warned of by default: queue services commonly refuse a message above it, so a queue that grows past it could
 * not move to one, and each move of such a job costs more than most jobs do.
 */
const DEFAULT_WARN_BYTES = 256 * 1024;
/** UTF-8 needs at most so many bytes for a character of a JavaScript string. */
const MOST_BYTES_A_CHARACTER = 3;
/** Names remembered as warned of. Past it, what is generated is not a name. */
const MOST_WARNED = 1000;

const warned = new Set<string>();

/**
 * Refuses a payload that is above its queue's limit, and warns of a large one: once for a queue and a name of job, by
 * a warning of the process (`process.on("warning", …)`), which Node prints unless told otherwise.
 *
 * @param payload JSON text
 * @throws {LonghaulError} BULLMQ_PAYLOAD_TOO_LARGE
 */
export function checkPayload(
  limits: PayloadLimits | undefined,
  queue: string,
  name: string,
  payload: string,
): void {
  const { maxPayloadBytes = Infinity, warnPayloadBytes = DEFAULT_WARN_BYTES } = limits ?? {};
  const least = Math.min(maxPayloadBytes, warnPayloadBytes);
  if (payload.length * MOST_BYTES_A_CHARACTER <= least) return;
  const bytes = Buffer.byteLength(payload);
  if (bytes > maxPayloadBytes)
    throw new LonghaulError("BULLMQ_PAYLOAD_TOO_LARGE", {
      ...{ name, bytes, queue, maximum: maxPayloadBytes },
    });
  if (bytes > warnPayloadBytes) warnOnce(queue, name, bytes, warnPayloadBytes);
}

function warnOnce(queue: string, name: string, bytes: number, limit: number): void {
  const key = `${queue}:${name}`;
  if (warned.has(key) || warned.size >= MOST_WARNED) return;
  warned.add(key);
  process.emitWarning(
    `A job ${name} of the queue ${queue} has a payload of ${bytes} bytes, above ${limit}`,
    {
      type: "LonghaulWarning",
      code: "LARGE_PAYLOAD",
      detail: "Store large payloads elsewhere and put their address in the job.",
    },
  );
}

/** Gives the queue of one job of a flow, of which its producer knows the name only, the producer's limits. */
export function withLimits<Q extends { readonly opts: object }>(
  queue: Q,
  limits: PayloadLimits,
): Q {
  const { maxPayloadBytes, warnPayloadBytes } = limits;
  Object.assign(queue.opts, { maxPayloadBytes, warnPayloadBytes });
  return queue;
}

/**
 * Refuses limits that are none.
 *
 * @throws {LonghaulError} BULLMQ_BAD_QUEUE_OPTION
 */
export function checkPayloadLimits(queue: string, limits: PayloadLimits): void {
  for (const option of ["maxPayloadBytes", "warnPayloadBytes"] as const) {
    const value = limits[option];
    // No limit, and no warning, may be said out loud.
    if (value === undefined || value === Infinity) continue;
    if (!Number.isSafeInteger(value) || value < 1)
      throw new LonghaulError("BULLMQ_BAD_QUEUE_OPTION", {
        queue,
        reason: `${option} must be a whole number of bytes of at least 1, not ${String(value)}`,
      });
  }
}
