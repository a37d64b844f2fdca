/** The durable run engine: what the idioms, the runtime and the server build on. */
export type {
  Backoff,
  ConcurrencyOption,
  FlowControl,
  FunctionDefinition,
  RetryDecision,
  RunEnd,
  RunHandle,
  StepOptions,
  Trigger,
} from "./definition.ts";
export { StepError } from "./definition.ts";
export { INVOKED_EVENT, RunEngine, type RunEngineOptions, type TriggerInput } from "./engine.ts";
export { deserializeError, serializeError, toJsonText } from "./errors.ts";
export { attach, type Attachable, isAttachable, type RunHost } from "./hosting.ts";
export { toRunEvent } from "./incoming-events.ts";
export type { RunRecord, RunStore } from "./store/run-store.ts";
export { SqliteRunStore } from "./store/sqlite/sqlite-run-store.ts";
export type {
  EventInput,
  FinalRunState,
  JournalEntry,
  RunEvent,
  RunState,
  SerializedError,
  StepKind,
} from "./types.ts";
