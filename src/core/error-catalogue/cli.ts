import type { ErrorEntry } from "./entry.ts";

/** Errors of the command line. */
export const cliErrors = {
  CLI_BAD_FILE: {
    message: "{file} cannot be used: {reason}",
    retryable: false,
    status: 400,
    hint: "Name files that export functions, tasks, workers, or a runtime made by createLonghaul as the default export; docs/cli.md says what is looked for.",
  },
  CLI_BAD_USAGE: {
    message: "{reason}",
    retryable: false,
    status: 400,
    hint: "Run longhaul <command> --help: it shows what a command takes, with examples.",
  },
  CLI_FAILED: {
    message: "{reason}",
    retryable: false,
    status: 500,
    hint: "Run longhaul doctor: it looks at the store and says what to do.",
  },
  CLI_NO_ADDRESS: {
    message: "The server cannot listen at {address}: {reason}",
    retryable: false,
    status: 500,
    hint: "Give another --port, or end what listens there.",
  },
  CLI_NO_STORE: {
    message: "There is no store at {path}",
    retryable: false,
    status: 404,
    hint: "Give --url, or set LONGHAUL_URL, to the file that your program uses; longhaul migrate makes a new one.",
  },
  CLI_REMOTE_FAILED: {
    message: "The server at {server} did not do it: {reason}",
    retryable: false,
    status: 502,
    hint: "Look at --server and --token; the address is that of the server, without /api/v1.",
  },
} as const satisfies Record<string, ErrorEntry>;
