import type { Longhaul } from "../runtime/longhaul.ts";
import type { RuntimeParts } from "../runtime/parts.ts";
import type { OpenQueues } from "./open-queues.ts";

/** What the server's routes work with. */
export interface ServerHost {
  readonly longhaul: Longhaul;
  readonly parts: RuntimeParts;
  /** BullMQ's queues of the store, opened when first asked for. */
  readonly queues: OpenQueues;
  /** Takes secrets out of payloads before they leave the server. */
  redact<T>(payload: T): T;
  /** Aborts when the server begins to close. */
  readonly closing: AbortSignal;
}
