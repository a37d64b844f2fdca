import type { RunHandle } from "../../runs/definition.ts";
import type { RunHost } from "../../runs/hosting.ts";
import type { AnyInngestFunction } from "../function.ts";
import type { Registered } from "../middleware/registry.ts";
import type { AnyContext } from "../types/context.ts";
import type { AnyFunction } from "../types/json.ts";
import { checkEvents } from "./check-events.ts";
import { type ExecutionScope, runInScope } from "./scope.ts";
import type { StepTaker } from "./take-step.ts";

/** A run and the code to run for it. */
export interface Execution {
  readonly fn: AnyInngestFunction;
  readonly handler: AnyFunction;
  readonly run: RunHandle;
  readonly host: RunHost;
  /** Whether it is the function's `onFailure`. */
  readonly isFailure?: boolean;
}

/** An execution with all that its handler gets. */
export interface PreparedExecution extends Execution {
  readonly scope: ExecutionScope;
  readonly ctx: AnyContext;
  readonly middleware: readonly Registered[];
  /** Steps are taken through this from now on. */
  takeThrough(taker: StepTaker): void;
}

/** Checks what started the run, as middleware left it, the first time, and calls the handler. */
export async function callHandler(
  { fn, run, handler, scope, isFailure = false }: PreparedExecution,
  ctx: AnyContext,
): Promise<unknown> {
  const { schemas } = fn.plan;
  if (schemas.size > 0 && !isFailure && run.journal.length === 0)
    await checkEvents(ctx.events, schemas);
  return runInScope({ execution: scope }, async () => handler(ctx));
}
