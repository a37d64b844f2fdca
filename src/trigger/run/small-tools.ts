import { LonghaulError } from "../../core/errors.ts";
import { MAX_RUN_TAGS } from "../../runs/store/limits.ts";
import { readTags } from "../trigger/read-options.ts";
import type { MaybePromise, OneOrMany } from "../types/untyped.ts";
import { currentPlace, requireScope } from "./scope.ts";

/** Labels of the run, by which it is found. */
export const tags = {
  /** Adds tags to the run. Those over ten are not added, and an error is logged. */
  async add(added: OneOrMany<string>): Promise<void> {
    const { host, run, log } = requireScope("tags.add");
    try {
      const list = readTags(added, run.functionId);
      if (list) await host.stores.tags.add({ now: host.now(), runId: run.id, tags: list });
    } catch (error) {
      const isTooMany = error instanceof LonghaulError;
      if (!isTooMany) throw error;
      log.line("error", `tags.add: ${error.message}`, { limit: MAX_RUN_TAGS }, undefined);
    }
  },
};

/** What a run has used. Nothing is billed here: costs are 0. */
export interface Usage {
  readonly compute: {
    readonly attempt: { readonly costInCents: number; readonly durationMs: number };
    readonly total: { readonly costInCents: number; readonly durationMs: number };
  };
  readonly baseCostInCents: number;
  readonly totalCostInCents: number;
}

export const usage = {
  /** The time since this execution of the attempt began, and since the run did. */
  getCurrent(): Usage {
    const { host, run, startedAt } = requireScope("usage.getCurrent");
    const now = host.now();
    const part = (from: number) => ({ costInCents: 0, durationMs: now - from });
    return {
      compute: { attempt: part(startedAt), total: part(run.startedAt) },
      baseCostInCents: 0,
      totalCostInCents: 0,
    };
  },
  /** How long `fn` takes, ms. */
  async measure<T>(
    fn: () => MaybePromise<T>,
  ): Promise<{ result: T; compute: { costInCents: number; durationMs: number } }> {
    const clock = currentPlace()?.scope.host ?? Date;
    const from = clock.now();
    const result = await fn();
    return { result, compute: { costInCents: 0, durationMs: clock.now() - from } };
  },
};

export const timeout = {
  /** As `maxDuration`: no bound. */
  None: Infinity,
  /** Aborted when the run is canceled or out of time. */
  get signal(): AbortSignal | undefined {
    return currentPlace()?.scope.run.signal;
  },
};

/** The end of the attempt waits for `promise`, a minute at most; what it throws changes nothing. */
export function waitUntil(promise: Promise<unknown>): void {
  const { pending, log } = requireScope("waitUntil");
  const watched = promise.then(
    () => {},
    (error: unknown) => log.problem("waitUntil", error),
  );
  pending.add(watched);
  void watched.then(() => pending.delete(watched));
}

export const heartbeats = {
  /** Lets the event loop turn, in code that computes for long: leases are renewed there. */
  yield: (): Promise<void> => new Promise((resolve) => setImmediate(resolve)),
};

/** A value that belongs to a run, by a key. */
export interface LocalsKey<T> {
  readonly id: symbol;
  /** Never there: it carries the type. */
  readonly type?: T;
}

/** Values of a run, for code that does not hand them on: those of one execution, not kept. */
export const locals = {
  create: <T>(id: string): LocalsKey<T> => ({ id: Symbol.for(`longhaul.locals.${id}`) }),
  get: <T>(key: LocalsKey<T>): T | undefined =>
    currentPlace()?.scope.locals.get(key.id) as T | undefined,
  /** @throws {LonghaulError} TASK_NO_LOCAL */
  getOrThrow<T>(key: LocalsKey<T>): T {
    const values = requireScope("locals.getOrThrow").locals;
    if (!values.has(key.id))
      throw new LonghaulError("TASK_NO_LOCAL", { local: key.id.description ?? "" });
    return values.get(key.id) as T;
  },
  set<T>(key: LocalsKey<T>, value: T): T {
    requireScope("locals.set").locals.set(key.id, value);
    return value;
  },
};
