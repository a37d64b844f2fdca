import { AsyncLocalStorage } from "node:async_hooks";
import type { Inngest } from "../client.ts";
import type { AnyInngestFunction } from "../function.ts";
import type { GroupTools } from "../steps/group.ts";
import type { StepTools } from "../types/steps.ts";

/** An execution of a run, for whatever is called from its handler. */
export interface ExecutionScope {
  readonly runId: string;
  readonly client: Inngest.Any;
  readonly fn: AnyInngestFunction;
  readonly step: StepTools;
  readonly group: GroupTools;
  readonly sessions: Readonly<Record<string, string>> | undefined;
  /** Steps called so far. */
  stepCount: number;
}

/** Where code is running. */
export interface Scope {
  readonly execution: ExecutionScope;
  /** The step whose body it is, if it is one. */
  readonly inStep?: string | undefined;
  /** Which attempt of that body it is, from 0. */
  readonly attempt?: number | undefined;
}

const scopes = new AsyncLocalStorage<Scope>();

/** Where this code is running; nothing outside of functions. */
export const currentScope = (): Scope | undefined => scopes.getStore();

/** Runs code as part of an execution. */
export const runInScope = <T>(scope: Scope, code: () => T): T => scopes.run(scope, code);
