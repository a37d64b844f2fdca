import type { ErrorEntry } from "./entry.ts";

/** Errors of runs that failed without their code. */
export const runErrors = {
  RUN_CRASHED: {
    message: "Run {run} lost its process {losses} times in a row without finishing a step",
    retryable: false,
    status: 500,
    hint: "Look for what ends the process: memory, process.exit(), a native module; then start the run again. Runs that the same process held may have ended so beside the one to blame.",
  },
} as const satisfies Record<string, ErrorEntry>;
