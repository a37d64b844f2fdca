import type { Clock } from "../core/clock.ts";
import type { RunEngineOptions } from "../runs/engine.ts";
import type { SharedStoreOptions } from "../storage/shared-stores.ts";
import type { Attachable } from "../runs/hosting.ts";
import type { FunctionSource } from "./hosted-functions.ts";
import type { WorkerSource } from "./hosted-workers.ts";

/** How to make a {@link Longhaul}. */
export interface LonghaulOptions
  extends
    Pick<SharedStoreOptions, "durability" | "migrate" | "busyTimeoutMs" | "allowNetworkFilesystem">,
    Pick<RunEngineOptions, "concurrency" | "leaseMs" | "liveRuns" | "retention" | "telemetry"> {
  /** `file:…` or `:memory:`. @default env LONGHAUL_URL, else `file:.longhaul/longhaul.db` */
  readonly url?: string | undefined;
  /**
   * What this process executes once it is started, and what events that are sent here start: a process that only sends
   * needs them too. @default none
   */
  readonly functions?: readonly FunctionSource[] | undefined;
  /** As `functions`: tasks of `longhaul/trigger`, and what else has a place there. @default none */
  readonly tasks?: readonly FunctionSource[] | undefined;
  /** What `defineConfig` of `longhaul/trigger` returned, for the tasks. @default Trigger.dev's defaults */
  readonly config?: Attachable | undefined;
  /** Workers of queues, started and closed with the runtime. @default none */
  readonly workers?: readonly WorkerSource[] | undefined;
  /** @default the machine's clock */
  readonly clock?: Clock | undefined;
  /** Takes what fails in the background; the runtime tries again. @default writes it to stderr */
  readonly onError?: ((error: unknown) => void) | undefined;
}
