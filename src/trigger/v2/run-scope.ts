import { AsyncLocalStorage } from "node:async_hooks";
import { LonghaulError } from "../../core/errors.ts";
import type { RunHandle } from "../../runs/definition.ts";
import type { RunHost } from "../../runs/hosting.ts";
import type { TriggerClient } from "./client.ts";
import type { TriggerContext } from "./context.ts";
import type { Job } from "./job.ts";
import type { IO } from "./io/io.ts";

/** An execution of a job's run, for whatever is called from it. */
export interface RunScope {
  readonly run: RunHandle;
  readonly host: RunHost;
  readonly client: TriggerClient;
  readonly job: Job;
  readonly io: IO;
  readonly ctx: TriggerContext;
}

const scopes = new AsyncLocalStorage<RunScope>();

/** The run that this code belongs to, if it is that of one. */
export const currentScope = (): RunScope | undefined => scopes.getStore();

/**
 * The run that this code belongs to.
 * @throws {LonghaulError} TRIGGER_V2_NOT_IN_RUN
 */
export function requireScope(call: string): RunScope {
  const scope = scopes.getStore();
  if (scope === undefined) throw new LonghaulError("TRIGGER_V2_NOT_IN_RUN", { call });
  return scope;
}

/** Runs code as part of a run. */
export const runInScope = <T>(scope: RunScope, code: () => T): T => scopes.run(scope, code);
