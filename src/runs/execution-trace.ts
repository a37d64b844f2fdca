import type { ExecutionSpan, RunTelemetry } from "./run-telemetry.ts";
import type { Step } from "./step.ts";
import type { ClaimedRun } from "./store/run-store.ts";

/** The spans of one execution, which may be suspended and go on; nothing, without telemetry. */
export class ExecutionTrace {
  readonly #telemetry: RunTelemetry | undefined;
  #span: ExecutionSpan | undefined;

  constructor(telemetry: RunTelemetry | undefined) {
    this.#telemetry = telemetry;
  }

  /** It begins, or goes on. */
  begin(run: ClaimedRun): void {
    this.#span = this.#telemetry?.execution(run);
  }

  /** Calls something in the context of the execution. */
  within<T>(call: () => T): T {
    return this.#span ? this.#span.within(call) : call();
  }

  /** The body of a step, in a span for each attempt. */
  bodyOf(
    { key, kind }: Step,
    runId: string,
    body: (attempt: number) => unknown,
  ): (attempt: number) => unknown {
    return this.#telemetry ? this.#telemetry.step({ runId, key, kind }, body) : body;
  }

  /** Something that is called later, as if it were now. */
  bind(call: () => void): () => void {
    return this.#telemetry ? this.#telemetry.bind(call) : call;
  }

  /** It leaves its worker. What is said first counts. */
  end(how: string, error?: { readonly name: string; readonly message: string }): void {
    this.#span?.end(how, error);
    this.#span = undefined;
  }
}
