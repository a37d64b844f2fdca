import type { BatchStore } from "./batch-store.ts";
import type { LogStore } from "./log-store.ts";
import type { MetadataStore } from "./metadata-store.ts";
import type { QueueStore } from "./queue-store.ts";
import type { RunListStore } from "./run-list.ts";
import type { ScheduleStore } from "./schedule-store.ts";
import type { StartStore } from "./start-store.ts";
import type { StreamStore } from "./stream-store.ts";
import type { TagStore } from "./tag-store.ts";
import type { TokenStore } from "./token-store.ts";
import type { ValueStore } from "./value-store.ts";

/** What is kept beside runs. */
export interface RunStores {
  readonly tokens: TokenStore;
  readonly tags: TagStore;
  readonly metadata: MetadataStore;
  readonly queues: QueueStore;
  readonly schedules: ScheduleStore;
  readonly streams: StreamStore;
  readonly logs: LogStore;
  readonly batches: BatchStore;
  readonly runs: RunListStore;
  readonly starts: StartStore;
  readonly values: ValueStore;
}
