import { type DefaultEngine, openDefaultEngine } from "./default-engine.ts";
import type { RunHost } from "./hosting.ts";

/**
 * The engine on the default store, for programs that make no runtime of their own.
 *
 *   (none) ──► open       the first `send`: events and what they start are stored, nothing is executed
 *          ──► started    the first `serve`: runs are executed in this process
 *          ──► (none)     closed, by {@link closeDefaultHost} or because a runtime has taken over all its clients
 */
let current: DefaultEngine | undefined;
/** What to undo when it closes, by the clients that have nothing better. */
const bindings = new Map<object, (() => void)[]>();
/** Where failures in the background are told; the last client that said so. */
let report: (error: unknown) => void = () => {};

/** The engine, opened if need be. */
export function openDefaultHost(onError: (error: unknown) => void): RunHost {
  report = onError;
  return (current ??= openDefaultEngine((error) => report(error))).engine;
}

/** Whether this is the engine on the default store. */
export const isDefaultHost = (host: RunHost): boolean => host === current?.engine;

/** Whether a client uses it. */
export const usesDefaultHost = (client: object): boolean => bindings.has(client);

/** A client uses it; `unbind` takes that back. */
export function keepDefaultBinding(client: object, unbind: () => void): void {
  const own = bindings.get(client);
  if (own) own.push(unbind);
  else bindings.set(client, [unbind]);
}

/** Begins to execute runs. */
export async function startDefaultHost(): Promise<void> {
  await current?.engine.start();
}

/** A client has found a runtime. Without clients the engine would only do the same work a second time. */
export async function leaveDefaultHost(client: object): Promise<void> {
  if (!release(client)) return;
  if (bindings.size === 0) await closeDefaultHost();
}

/**
 * Stops the engine that `send` and `serve` have opened on the default store: what runs is finished, what waits stays in
 * the file. Programs that make their own runtime with `createLonghaul()` have nothing to close here.
 */
export async function closeDefaultHost(): Promise<void> {
  const closing = current;
  current = undefined;
  for (const client of [...bindings.keys()]) release(client);
  await closing?.close();
}

function release(client: object): boolean {
  for (const unbind of bindings.get(client) ?? []) unbind();
  return bindings.delete(client);
}
