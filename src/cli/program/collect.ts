import { LonghaulError } from "../../core/errors.ts";
import type { FunctionDefinition } from "../../runs/definition.ts";
import { type Attachable, isAttachable } from "../../runs/hosting.ts";
import type { FunctionSource } from "../../runtime/hosted-functions.ts";
import type { HostedWorker } from "../../runtime/hosted-workers.ts";
import { TaskQueue } from "../../manager/index.ts";
import { Longhaul } from "../../runtime/longhaul.ts";

/** A module that was loaded. */
export interface LoadedModule {
  readonly file: string;
  readonly exports: Readonly<Record<string, unknown>>;
}

/** What modules export that can be run. */
export interface Program {
  /** The program's own runtime; the rest is empty then, but for queues and workers. */
  readonly runtime?: Longhaul;
  readonly config?: Attachable;
  readonly functions: readonly FunctionSource[];
  /** Those of BullMQ. */
  readonly workers: readonly NamedWorker[];
  /** A manager of tasks, which is at work once its tasks are registered. */
  readonly manager?: TaskQueue;
  /** Names of the queues of workers and of the manager, and of queues that are exported. */
  readonly queues: readonly string[];
}

/** A worker of a queue. */
export interface NamedWorker extends HostedWorker {
  readonly name: string;
}

/**
 * Finds what can be run among the exports of modules, and in lists that they export.
 *
 * @throws {LonghaulError} CLI_BAD_FILE if there is nothing, or more than one runtime
 */
export function collect(modules: readonly LoadedModule[]): Program {
  const values = new Set(modules.flatMap(({ exports }) => Object.values(exports).flat()));
  const runtimes = [...values].filter((value) => value instanceof Longhaul);
  const [runtime] = runtimes;
  const workers = [...values].filter(isWorker);
  const managers = [...values].filter((value) => value instanceof TaskQueue);
  const [manager] = managers;
  const named = [...workers, ...[...values].filter(isQueue)].map(({ name }) => name);
  const queues = [...new Set([...named, ...(manager?.queueNames ?? [])])];
  const files = modules.map(({ file }) => file).join(", ");
  if (runtimes.length > 1) throw bad(files, `there are ${runtimes.length} runtimes, one at most`);
  if (managers.length > 1) throw bad(files, `there are ${managers.length} managers, one at most`);
  const own = { workers, queues, ...(manager && { manager }) };
  if (runtime !== undefined) return { runtime, functions: [], ...own };

  const attachables = [...values].filter(isAttachable);
  const config = attachables.find(isConfig);
  // A client of Trigger.dev's older API brings its jobs along.
  const functions: FunctionSource[] = attachables.filter(
    (value) => value !== config && !isBroughtAlong(value, values),
  );
  functions.push(...[...values].filter(isDefinition));
  if (functions.length === 0 && workers.length === 0 && manager === undefined)
    throw bad(files, "nothing that it exports can be run");
  return { ...(config && { config }), functions, ...own };
}

const isBroughtAlong = (value: Attachable, values: ReadonlySet<unknown>): boolean =>
  "client" in value && isAttachable(value.client) && values.has(value.client);

const bad = (file: string, reason: string): LonghaulError =>
  new LonghaulError("CLI_BAD_FILE", { file, reason });

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null;

/** What `defineConfig` of `longhaul/trigger` returns. */
const isConfig = (value: Attachable): boolean => "project" in value && !("run" in value);

function isDefinition(value: unknown): value is FunctionDefinition {
  return (
    isObject(value) &&
    !isAttachable(value) &&
    typeof value["id"] === "string" &&
    typeof value["handler"] === "function" &&
    Array.isArray(value["triggers"])
  );
}

function isWorker(value: unknown): value is NamedWorker {
  return isObject(value) && has(value, "run", "isRunning", "close") && isNamed(value);
}

function isQueue(value: unknown): value is { readonly name: string } {
  return isObject(value) && has(value, "add", "getJobCounts", "close") && isNamed(value);
}

const isNamed = (value: object): value is { readonly name: string } =>
  "name" in value && typeof value.name === "string";

const has = (value: Record<string, unknown>, ...methods: string[]): boolean =>
  methods.every((method) => typeof value[method] === "function");
