import type { ErrorEntry } from "./entry.ts";

/** Errors of the store. */
export const storeErrors = {
  STORE_BAD_OPTION: {
    message: "The SQLite store has no option {option}",
    retryable: false,
    status: 500,
    hint: "Give url, durability or migrate, or take the option out.",
  },
  STORE_BAD_TRANSACTION: {
    message: "The transaction cannot be joined: {reason}",
    retryable: false,
    status: 500,
    hint: "Pass a better-sqlite3 Database or a node:sqlite DatabaseSync that is open on Longhaul's own file.",
  },
  STORE_BAD_URL: {
    message: "{url} is no store URL: {reason}",
    retryable: false,
    status: 500,
    hint: "Write file:path/to/jobs.db, :memory:, redis://host or postgres://host/database.",
  },
  STORE_BUSY_TIMEOUT: {
    message: "{path} stayed locked by another process for {waitedMs} ms",
    retryable: true,
    status: 503,
    hint: "Look for a stopped process, a long transaction of another program or a backup that holds the file's write lock.",
  },
  STORE_CLOSED: {
    message: "Connection is closed.",
    retryable: false,
    status: 503,
    hint: "Do not use a queue, worker or store after its close(); open a new one.",
    name: "ConnectionClosedError",
  },
  STORE_CORRUPT: {
    message: "{path} is damaged: {reason}",
    retryable: false,
    status: 500,
    hint: "Stop all processes, keep a copy of the file with its -wal, then restore a backup or try the sqlite3 command .recover.",
  },
  STORE_DRIVER_MISSING: {
    message: "No SQLite driver can be loaded ({tried})",
    retryable: false,
    status: 500,
    hint: "Use Node 22.13 or newer, which has SQLite built in, or run npm install better-sqlite3@12.",
  },
  STORE_FULL: {
    message: "There is no space left to write to {path}",
    retryable: true,
    status: 507,
    hint: "Free some disk space; nothing was written, and the store goes on by itself once there is room.",
  },
  STORE_IO: {
    message: "Reading or writing {path} failed: {reason}",
    retryable: true,
    status: 500,
    hint: "Look at the disk, its quota and the system's log; nothing of the failed write is visible.",
  },
  STORE_NEEDS_MIGRATION: {
    message:
      "{path} has schema version {found}, this version of Longhaul needs {needed}, and migrate is false",
    retryable: false,
    status: 500,
    hint: "Run longhaul migrate, or open the store without migrate: false.",
  },
  STORE_NETWORK_FILESYSTEM: {
    message:
      "{path} is on a network filesystem ({filesystem}), where SQLite's locks and shared memory do not work",
    retryable: false,
    status: 500,
    hint: "Put the file on a local disk, use redis: or postgres:, or set allowNetworkFilesystem: true if one machine alone uses it.",
  },
  STORE_NOT_A_DATABASE: {
    message: "{path} is not a Longhaul database: {reason}",
    retryable: false,
    status: 500,
    hint: "Name another file; Longhaul keeps its data in a file of its own and has not touched this one.",
  },
  STORE_OPTIONS_CONFLICT: {
    message:
      "{path} is already open in this process with {option} {open}, and now {wanted} is asked for",
    retryable: false,
    status: 500,
    hint: "Give every queue and worker on one file the same storage options.",
  },
  STORE_READ_ONLY: {
    message: "{path} cannot be written to",
    retryable: false,
    status: 500,
    hint: "Give the process write permission for the file and for its folder, where SQLite keeps the -wal and -shm files.",
  },
  STORE_TOO_NEW: {
    message: "{path} has schema version {found}, and this version of Longhaul knows only {known}",
    retryable: false,
    status: 500,
    hint: "Upgrade Longhaul in this process to the version that wrote the file.",
  },
} as const satisfies Record<string, ErrorEntry>;
