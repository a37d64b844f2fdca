import { toJsonText } from "../../../runs/errors.ts";
import type { RunHost } from "../../../runs/hosting.ts";
import type { Untyped } from "../../types/untyped.ts";
import type { RunScope } from "../run-scope.ts";
import { keyText, type TaskKey } from "./task-key.ts";

/** Values by name. Each call is a task of its own, with a key. */
export interface KeyValueTasks {
  get<T = Untyped>(key: TaskKey, name: string): Promise<T | undefined>;
  /** `value` is JSON. @returns it */
  set<T>(key: TaskKey, name: string, value: T): Promise<T>;
  has(key: TaskKey, name: string): Promise<boolean>;
  /** @returns whether it was there */
  delete(key: TaskKey, name: string): Promise<boolean>;
}

/** Values by name, outside of a run. */
export interface KeyValues {
  get<T = Untyped>(name: string): Promise<T | undefined>;
  /** `value` is JSON. @returns it */
  set<T>(name: string, value: T): Promise<T>;
  has(name: string): Promise<boolean>;
  /** @returns whether it was there */
  delete(name: string): Promise<boolean>;
}

/** What a run can keep values in. */
export interface RunStorage {
  /** Of the whole store: every job, of every client. */
  readonly env: KeyValueTasks;
  /** Of the job. */
  readonly job: KeyValueTasks;
  /** Of the run, and removed with it; 256 KiB in all. */
  readonly run: KeyValueTasks;
}

/** The values of every job. */
export const envValues = (host: () => RunHost): KeyValues => storedValues(host, () => "env");

/** What `io.store` is. */
export function storageOf(scope: () => RunScope): RunStorage {
  const host = (): RunHost => scope().host;
  return {
    env: asTasks(scope, envValues(host)),
    job: asTasks(
      scope,
      storedValues(host, () => `job ${scope().job.functionId}`),
    ),
    run: asTasks(scope, runValues(scope)),
  };
}

function asTasks(scope: () => RunScope, values: KeyValues): KeyValueTasks {
  const task = async <T>(key: TaskKey, body: () => Promise<T>): Promise<T> =>
    (await scope().run.run(keyText(key, "io.store"), body)) as T;
  return {
    // What is missing is no JSON, and null may be a value.
    get: async <T>(key: TaskKey, name: string) =>
      (await task(key, async () => ({ value: await values.get<T>(name) }))).value,
    set: (key, name, value) => task(key, () => values.set(name, value)),
    has: (key, name) => task(key, () => values.has(name)),
    delete: (key, name) => task(key, () => values.delete(name)),
  };
}

function storedValues(host: () => RunHost, space: () => string): KeyValues {
  const get = async (name: string): Promise<string | undefined> =>
    host().stores.values.get({ space: space(), name });
  return {
    get: async <T>(name: string) => parsed<T>(await get(name)),
    async set(name, value) {
      const text = toJsonText(value, `The value ${name}`);
      await host().stores.values.set({ now: host().now(), space: space(), name, value: text });
      return value;
    },
    has: async (name) => (await get(name)) !== undefined,
    delete: async (name) => host().stores.values.delete({ space: space(), name }),
  };
}

/** What begins the names of values in a run's metadata. */
const PREFIX = "store:";

function runValues(scope: () => RunScope): KeyValues {
  const read = async (): Promise<Record<string, unknown>> => {
    const { host, run } = scope();
    return JSON.parse((await host.stores.metadata.get(run.id)) ?? "{}") as Record<string, unknown>;
  };
  const has = async (name: string): Promise<boolean> =>
    Object.hasOwn(await read(), `${PREFIX}${name}`);
  const change = async (name: string, value?: unknown): Promise<void> => {
    const { host, run } = scope();
    const key = `${PREFIX}${name}`;
    const one =
      value === undefined ? { type: "delete" as const, key } : { type: "set" as const, key, value };
    await host.stores.metadata.change({ now: host.now(), runId: run.id, changes: [one] });
  };
  return {
    get: async <T>(name: string) => (await read())[`${PREFIX}${name}`] as T | undefined,
    async set(name, value) {
      await change(name, value);
      return value;
    },
    has,
    async delete(name) {
      const wasThere = await has(name);
      if (wasThere) await change(name);
      return wasThere;
    },
  };
}

const parsed = <T>(text: string | undefined): T | undefined =>
  text === undefined ? undefined : (JSON.parse(text) as T);
