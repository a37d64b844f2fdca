import { hooksOf } from "../hooks/hook-set.ts";
import type { TaskWait } from "../types/hooks.ts";
import type { TaskScope } from "./scope.ts";
import { isDone } from "./step-key.ts";

/**
 * Waits, with `onWait` before and `onResume` after. What the metadata and the log hold is written first. Where the journal
 * has the result already, nothing is waited for and no hook is called.
 *
 * @param key of the step that waits
 * @param begin takes the step
 */
export async function waitWithHooks<T>(
  scope: TaskScope,
  key: string,
  wait: TaskWait,
  begin: () => Promise<T>,
): Promise<T> {
  writeOut(scope);
  if (isDone(scope, key) || !hasWaitHooks(scope)) return begin();
  await callHooks(scope, "onWait", wait);
  const result = await begin();
  await callHooks(scope, "onResume", wait);
  return result;
}

/** Writes what is held in memory, without waiting for it: it is on its way before the run is suspended. */
export function writeOut(scope: TaskScope): void {
  scope.metadata.flush().catch((error: unknown) => scope.log.problem("metadata", error));
  scope.log.flush();
}

/** Whether anybody wants to know of waits. */
export const hasWaitHooks = ({ globals, plan }: TaskScope): boolean =>
  hooksOf("onWait", globals, plan.hooks).length > 0 ||
  hooksOf("onResume", globals, plan.hooks).length > 0;

async function callHooks(
  scope: TaskScope,
  hook: "onWait" | "onResume",
  wait: TaskWait,
): Promise<void> {
  const params = scope.hookParams;
  if (!params) return;
  for (const listener of hooksOf(hook, scope.globals, scope.plan.hooks))
    await listener({ ...params, wait });
}
