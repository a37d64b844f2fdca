import { attach, type Attachable, type RunHost } from "../../runs/hosting.ts";
import { HookSet } from "../hooks/hook-set.ts";
import { checkRetry, type RetryOptions } from "../retry/retry-options.ts";
import { readMachine, readMaxDuration } from "../task/options.ts";
import { secondsOrText } from "../durations.ts";
import type { EnvironmentType, MachinePreset } from "../types/context.ts";
import type { CatchErrorHook, LifecycleHooks } from "../types/hooks.ts";
import type { Untyped } from "../types/untyped.ts";
import { setConfig } from "./host-config.ts";

/** What `trigger.config.ts` says. */
export interface TriggerConfig {
  /** Shown as `ctx.project.ref`. */
  readonly project: string;
  readonly retries?:
    | {
        /** Whether failed runs are retried in DEVELOPMENT. @default true */
        readonly enabledInDev?: boolean | undefined;
        /** For tasks that say nothing of retrying. @default no retries */
        readonly default?: RetryOptions | undefined;
      }
    | undefined;
  /** For tasks that say nothing of it, seconds, at least 5. @default no bound */
  readonly maxDuration?: number | undefined;
  /** For tasks that say nothing of it: `"10m"` or seconds. @default never */
  readonly ttl?: string | number | undefined;
  readonly machine?: MachinePreset | { readonly preset: MachinePreset } | undefined;
  /** What is less severe is not logged. @default "info" */
  readonly logLevel?: LogLevel | undefined;
  /** Whether `logger` also writes to the console. @default true */
  readonly enableConsoleLogging?: boolean | undefined;
  /** What `ctx.environment` says. @default PRODUCTION if NODE_ENV is "production", else DEVELOPMENT */
  readonly environment?: EnvironmentType | undefined;
  readonly init?: LifecycleHooks["init"];
  readonly onStart?: LifecycleHooks["onStart"];
  readonly onSuccess?: LifecycleHooks["onSuccess"];
  readonly onFailure?: LifecycleHooks["onFailure"];
  readonly handleError?: CatchErrorHook | undefined;
  /** Folders of tasks, for `loadConfig`. @default ["./trigger"] */
  readonly dirs?: readonly string[] | undefined;

  // What follows is about building and deploying images. Longhaul does neither: it is accepted and has no effect.
  readonly runtime?: string | undefined;
  readonly ignorePatterns?: readonly string[] | undefined;
  readonly tsconfig?: string | undefined;
  readonly disableConsoleInterceptor?: boolean | undefined;
  readonly processKeepAlive?: Untyped;
  readonly legacyDevProcessCwdBehaviour?: boolean | undefined;
  readonly telemetry?: Untyped;
  readonly build?: Untyped;
  readonly deploy?: Untyped;
  readonly extraCACerts?: string | undefined;
}

export type LogLevel = "none" | "error" | "warn" | "info" | "log" | "debug";

/**
 * Gives the configuration back, checked. `createLonghaul({ config })` puts it into force for the tasks of that runtime.
 * @throws {LonghaulError} TASK_BAD_OPTION, TASK_BAD_DURATION
 */
export function defineConfig<TConfig extends TriggerConfig>(config: TConfig): TConfig & Attachable {
  const owner = "the configuration";
  const { retries, maxDuration, ttl, machine } = config;
  if (retries?.default) checkRetry(retries.default, owner);
  readMaxDuration(maxDuration, owner);
  readMachine(machine, owner);
  if (ttl !== undefined) secondsOrText(ttl, "ttl of the configuration");
  // Not enumerable: a spread, or JSON, has what was written and no more.
  return Object.defineProperty(config, attach, {
    value: (host: RunHost) => setConfig(host, readConfig(config)),
    configurable: true,
  }) as TConfig & Attachable;
}

/** A configuration as tasks use it. */
export interface ConfigPlan {
  readonly project: string;
  readonly retry: RetryOptions | undefined;
  /** Whether failures are retried. */
  readonly retries: boolean;
  readonly maxDurationMs: number | undefined;
  readonly ttlMs: number | undefined;
  readonly machine: MachinePreset | undefined;
  readonly logLevel: LogLevel;
  readonly logsToConsole: boolean;
  readonly environment: EnvironmentType;
  readonly hooks: HookSet;
}

/** Reads a configuration. */
export function readConfig(config: Partial<TriggerConfig>): ConfigPlan {
  const owner = "the configuration";
  const environment =
    config.environment ?? (process.env["NODE_ENV"] === "production" ? "PRODUCTION" : "DEVELOPMENT");
  const hooks = new HookSet();
  for (const name of ["init", "onStart", "onSuccess", "onFailure", "handleError"] as const)
    if (config[name]) hooks.add(name, config[name]);
  const { retries, ttl } = config;
  return {
    project: config.project ?? "longhaul",
    retry: retries?.default,
    retries: environment !== "DEVELOPMENT" || retries?.enabledInDev !== false,
    maxDurationMs: readMaxDuration(config.maxDuration, owner),
    ttlMs: ttl === undefined ? undefined : secondsOrText(ttl, "ttl of the configuration"),
    machine: readMachine(config.machine, owner),
    logLevel: config.logLevel ?? "info",
    logsToConsole: config.enableConsoleLogging ?? true,
    environment,
    hooks,
  };
}
