import type { ClaimedRun } from "./store/run-store.ts";

/**
 * What an engine tells about what it does, for spans. Without it nothing is done. How contexts look, and how they follow
 * asynchronous calls, only the implementation knows.
 */
export interface RunTelemetry {
  /** The context of the caller as text, to go with an event or a start; `undefined` outside of any. */
  carrier(): string | undefined;
  /** Events are sent, or runs started: `work` is called in a context for it, and ends it. */
  sending<T>(what: "send" | "start", names: readonly string[], work: () => Promise<T>): Promise<T>;
  /** An execution of a run begins, in the context that its events came from. */
  execution(run: ClaimedRun): ExecutionSpan;
  /** The body of a step, to be called for each attempt: in a context of its own, inside of the caller's. */
  step(
    step: { readonly runId: string; readonly key: string; readonly kind: string },
    body: (attempt: number) => unknown,
  ): (attempt: number) => unknown;
  /** A function that is called later, in the context of now. */
  bind(call: () => void): () => void;
}

/** An execution that goes on. */
export interface ExecutionSpan {
  /** Calls something in its context. */
  within<T>(call: () => T): T;
  /** @param how it leaves its worker: the run's final state, or "suspended", "released", "lost" */
  end(how: string, error?: { readonly name: string; readonly message: string }): void;
}
