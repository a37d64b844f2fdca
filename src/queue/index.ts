/**
 * BullMQ's queues on one SQLite file, as a backend for BullMQ's own classes.
 * @module
 */
export { SqliteQueueBackend } from "./backend.ts";
export {
  createSqliteBackend,
  sqliteOptionNames,
  type SqliteConnection,
  type SqliteConnectionOptions,
} from "./create-backend.ts";
export {
  type DeadLetter,
  type DeadLetterQueue,
  deadLetterQueue,
  LETTER_OPTIONS,
  optionsForRetry,
  type RetriedDeadLetter,
} from "./dead-letters/dead-letter.ts";
export { resetForTests } from "./reset-for-tests.ts";
