import type { HookName, LifecycleHooks } from "../types/hooks.ts";

/** The functions of one hook. */
export type Listener<TName extends HookName> = NonNullable<LifecycleHooks[TName]>;

interface Registered {
  readonly name: string | undefined;
  readonly fn: unknown;
}

/** Where hooks come from that count for more than one task. */
export interface HookSource {
  get<TName extends HookName>(hook: TName): Listener<TName>[];
}

/**
 * Hooks that count for all tasks, in the order they were registered. One with a name takes the place of an older one of
 * that name, so that a module that is loaded twice registers its hooks once.
 */
export class HookSet implements HookSource {
  readonly #hooks = new Map<HookName, Registered[]>();

  add(hook: HookName, nameOrFn: unknown, fn?: unknown): void {
    const added: Registered =
      typeof nameOrFn === "string" ? { name: nameOrFn, fn } : { name: undefined, fn: nameOrFn };
    if (typeof added.fn !== "function") throw new TypeError(`${hook} needs a function`);
    const list = this.#hooks.get(hook) ?? [];
    const known = added.name === undefined ? -1 : list.findIndex(({ name }) => name === added.name);
    if (known >= 0) list[known] = added;
    else list.push(added);
    this.#hooks.set(hook, list);
  }

  get<TName extends HookName>(hook: TName): Listener<TName>[] {
    return (this.#hooks.get(hook) ?? []).map(({ fn }) => fn as Listener<TName>);
  }

  clear(): void {
    this.#hooks.clear();
  }
}

/** Those of this process: what `tasks.onStart(…)` and its like register. */
export const globalHooks = new HookSet();

/** All functions of a hook for one task: the global ones first, then the task's own. */
export function hooksOf<TName extends HookName>(
  hook: TName,
  globals: HookSource,
  own: LifecycleHooks,
): Listener<TName>[] {
  const mine = own[hook] as Listener<TName> | undefined;
  const shared = globals.get(hook);
  return mine === undefined ? shared : [...shared, mine];
}
