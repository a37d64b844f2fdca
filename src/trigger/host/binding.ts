import { attach, type RunHost } from "../../runs/hosting.ts";
import {
  isDefaultHost,
  keepDefaultBinding,
  leaveDefaultHost,
  openDefaultHost,
} from "../../runs/default-host.ts";
import { currentPlace } from "../run/scope.ts";
import { allTasks } from "../task/catalog.ts";

/**
 * Which engine a call goes to.
 *
 *   1. in a task: the engine that runs it
 *   2. the runtime that was given tasks last: `createLonghaul({ tasks })`
 *   3. the default store (`LONGHAUL_URL`, else `file:.longhaul/longhaul.db`), opened at the first call. What it starts is
 *      stored; a runtime on the same store executes it.
 *
 * A runtime that closes takes itself out of 2.
 */
const runtimes: RunHost[] = [];
/** Stands for all tasks where an idiom says who uses the default store. */
const TASKS = {};

/** A task is served by a runtime. Returns a function that takes that back. */
export function bindRuntime(host: RunHost): () => void {
  if (isDefaultHost(host)) return () => {};
  runtimes.push(host);
  leaveDefaultHost(TASKS).catch(report);
  return () => {
    const index = runtimes.lastIndexOf(host);
    if (index >= 0) runtimes.splice(index, 1);
  };
}

/**
 * The engine that a call here goes to.
 * @throws {LonghaulError} what opening the default store throws
 */
export function currentHost(): RunHost {
  const host = currentPlace()?.scope.host ?? runtimes.at(-1);
  if (host) return host;
  const opened = openDefaultHost(report);
  if (!bound.has(opened)) {
    bound.add(opened);
    keepDefaultBinding(TASKS, () => bound.delete(opened));
    for (const task of allTasks()) keepDefaultBinding(TASKS, task[attach](opened));
  }
  return opened;
}

const bound = new WeakSet<RunHost>();

function report(error: unknown): void {
  // oxlint-disable-next-line no-console -- nobody said where else to
  console.error("longhaul: the default store reports a failure", error);
}
