import type { TaskQueue } from "../manager/index.ts";
import type { Longhaul } from "../runtime/longhaul.ts";
import type { RuntimeParts } from "../runtime/parts.ts";
import type { AuditLog } from "./audit/audit-log.ts";
import type { Auth } from "./auth/auth.ts";
import type { PublicTokenOptions } from "./auth/public-token.ts";
import type { LiveHub } from "./live/hub.ts";
import type { OperationRunner } from "./operations/runner.ts";
import type { OpenQueues } from "./open-queues.ts";
import type { Redactor } from "./redact.ts";
import type { Route } from "./route.ts";

/** What the server's routes work with. */
export interface ServerHost {
  readonly longhaul: Longhaul;
  readonly parts: RuntimeParts;
  /** BullMQ's queues of the store, opened when first asked for. */
  readonly queues: OpenQueues;
  /** Takes secrets out of payloads before they leave the server. */
  readonly redact: Redactor;
  /** Who may ask. */
  readonly auth: Auth;
  /** Who did what. The router writes it; handlers need not. */
  readonly audit: AuditLog;
  /** Makes tokens for browsers. */
  readonly publicTokens: { create(options: PublicTokenOptions): Promise<string> };
  /** Bulk operations, and the work on them. */
  readonly operations: OperationRunner;
  /** Live connections. */
  readonly live: LiveHub;
  /** What it answers, for what describes it. */
  readonly routes: readonly Route[];
  /** The tasks that pages may start, besides those of the engine. */
  readonly manager?: TaskQueue | undefined;
  /** Where the server is mounted. */
  readonly basePath: string;
  /** Where the server is reached from outside, its base path included; unknown if nobody said so. */
  readonly publicUrl?: string | undefined;
  /** Aborts when the server begins to close. */
  readonly closing: AbortSignal;
}
