import type { ErrorEntry } from "./entry.ts";

/** Errors of `createLonghaul`. */
export const runtimeErrors = {
  RUNTIME_BAD_FUNCTION: {
    message: "createLonghaul was given a function that is none: {found}",
    retryable: false,
    status: 500,
    hint: "Give what createFunction returned, a list of them flattened, or an engine's FunctionDefinition.",
  },
  RUNTIME_BAD_WORKER: {
    message: "createLonghaul was given a worker that cannot be closed: {found}",
    retryable: false,
    status: 500,
    hint: "Give a Worker, an object with close(), or a function that returns one.",
  },
  RUNTIME_DUPLICATE_FUNCTION: {
    message: "Two functions have the id {function}",
    retryable: false,
    status: 500,
    hint: "Give each function an id of its own: runs find their function by it.",
  },
} as const satisfies Record<string, ErrorEntry>;
