import type { RetryDecision, RunHandle } from "../../runs/definition.ts";
import type { RunHost } from "../../runs/hosting.ts";
import { type ConfigPlan, readConfig } from "../config/define-config.ts";
import { configOf } from "../config/host-config.ts";
import { globalHooks, type HookSource } from "../hooks/hook-set.ts";
import { pack } from "../payload.ts";
import type { TaskPlan } from "../task/plan.ts";
import { AttemptFailure } from "./attempt-failure.ts";
import { isNeverRetried } from "./decide-retry.ts";
import { watchForCancel } from "./cancel-hooks.ts";
import { ReplayedKeys } from "./replayed-keys.ts";
import { createLog, createMetadata } from "./run-records.ts";
import { contextOf, payloadOf } from "./read-run.ts";
import { type AttemptTask, runAttempt } from "./run-attempt.ts";
import { runAt, type TaskScope } from "./scope.ts";
import { writeOut } from "./waiting.ts";

/** Bytes of an output, as JSON. */
export const MAX_OUTPUT_BYTES = 10 * 1024 * 1024;
/** How long the end of an attempt waits for what `waitUntil` was given. */
const MAX_SETTLE_MS = 60_000;

/**
 * Runs the code of a task from the top: an attempt, or the replay of one.
 * @returns its output as JSON
 * @throws {AttemptFailure}
 */
export async function executeTask(plan: TaskPlan, run: RunHandle, host: RunHost): Promise<unknown> {
  const config = configOf(host) ?? defaultConfig();
  const scope = await createScope(plan, run, host, config);
  return runAt({ scope }, () => execute(scope, config));
}

async function execute(scope: TaskScope, config: ConfigPlan): Promise<unknown> {
  const { run, plan, host } = scope;
  const cancel = watchForCancel(scope);
  const outcome = await runAttempt({
    task: taskOf(plan, config, cancel.ran),
    payload: payloadOf(run),
    ctx: scope.ctx,
    signal: run.signal,
    globals: scope.globals,
    maxAttempts: run.details.maxAttempts,
    retries: config.retries,
    now: () => host.now(),
    report: (hook, error) => scope.log.problem(hook, error),
    prepared: (params) => {
      scope.hookParams = params;
    },
    settle: () => settle(scope),
  });
  cancel.stop();
  await scope.metadata.flush().catch((error: unknown) => scope.log.problem("metadata", error));
  await scope.log.settle();
  if (!outcome.ok) throw new AttemptFailure(outcome.error, outcome.delayMs);
  try {
    return pack(outcome.output);
  } catch (error) {
    throw new AttemptFailure(error, undefined);
  }
}

async function createScope(
  plan: TaskPlan,
  run: RunHandle,
  host: RunHost,
  config: ConfigPlan,
): Promise<TaskScope> {
  const startedAt = host.now();
  const keys = new ReplayedKeys(run);
  const log = createLog(run, host, config, () => keys.isBehind);
  return {
    run,
    host,
    plan,
    ctx: contextOf(run, plan, config, startedAt),
    globals: hooksFor(config),
    keys,
    locals: new Map(),
    metadata: await createMetadata(run, host, log),
    log,
    pending: new Set(),
    startedAt,
    hookParams: undefined,
  };
}

/** The configuration's hooks come before those of `tasks.onStart` and its like. */
const hooksFor = ({ hooks }: ConfigPlan): HookSource => ({
  get: (name) => [...hooks.get(name), ...globalHooks.get(name)],
});

function taskOf(
  plan: TaskPlan,
  config: ConfigPlan,
  ran: (result: Promise<unknown>) => void,
): AttemptTask {
  return {
    id: plan.id,
    hooks: plan.hooks,
    retry: plan.retry ?? config.retry,
    parse: plan.parse,
    run: (payload, params) => {
      const result = (async () => plan.run(payload, params as never))();
      ran(result);
      return result;
    },
  };
}

/** Waits for what `waitUntil` was given, for a minute at most. */
async function settle(scope: TaskScope): Promise<void> {
  writeOut(scope);
  if (scope.pending.size === 0) return;
  let timer: NodeJS.Timeout | undefined;
  const tooLong = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, MAX_SETTLE_MS).unref();
  });
  await Promise.race([Promise.allSettled(scope.pending), tooLong]);
  clearTimeout(timer);
}

/** What the engine is to do about an error of a task or of one of its steps. */
export function decideTaskRetry(error: unknown): RetryDecision {
  if (error instanceof AttemptFailure)
    return { retry: error.delayMs !== undefined, delayMs: error.delayMs, error: error.cause };
  return { retry: !isNeverRetried(error) };
}

let withoutConfig: ConfigPlan | undefined;
const defaultConfig = (): ConfigPlan => (withoutConfig ??= readConfig({}));
