import type { ErrorCode } from "../../../core/error-catalogue/index.ts";
import { type ErrorDetails, LonghaulError } from "../../../core/errors.ts";
import type { RunState, SerializedError } from "../../types.ts";

/** A catalogued error as it is recorded. It has no stack: nothing was thrown. */
function failure(code: ErrorCode, details: ErrorDetails): SerializedError {
  const { name, message } = new LonghaulError(code, details);
  return { name, message, code };
}

/** Errors that the store itself records on runs and steps. */
export const failures = {
  canceled: (reason: string) => failure("RUNS_CANCELED", { reason }),
  unknownToken: (token: string) => failure("RUNS_UNKNOWN_TOKEN", { token }),
  startTimeout: (ms: number) => failure("RUNS_EXPIRED", { ms }),
  finishTimeout: (ms: number) => failure("RUNS_TIMED_OUT", { ms }),
  skipped: (holder: string) => failure("RUNS_SKIPPED", { run: holder }),
  limited: (functionId: string) => failure("RUNS_RATE_LIMITED", { function: functionId }),
  forgotten: (runId: string) => failure("RUNS_FORGOTTEN", { run: runId }),
  waitCycle: (run: string, other: string) => failure("RUNS_WAIT_CYCLE", { run, other }),
  signalTaken: (signal: string) => failure("RUNS_SIGNAL_TAKEN", { signal }),
  ended: (runId: string, state: RunState) => failure("RUNS_NOT_COMPLETED", { run: runId, state }),
} as const;
