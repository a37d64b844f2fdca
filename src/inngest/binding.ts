import { attach, type RunHost } from "../runs/hosting.ts";
import type { Inngest } from "./client.ts";
import {
  isDefaultHost,
  keepDefaultBinding,
  leaveDefaultHost,
  openDefaultHost,
  startDefaultHost,
  usesDefaultHost,
} from "../runs/default-host.ts";
import type { AnyInngestFunction } from "./function.ts";

/**
 * Which engine a client sends to.
 *
 *   1. the runtime that serves a function of the client: `createLonghaul({ functions })`, the last one made first
 *   2. the runtime that serves any Inngest function of this process, for clients that only send
 *   3. the default store (`LONGHAUL_URL`, else `file:.longhaul/longhaul.db`), opened at the first `send` or `serve`.
 *      The client's own functions are registered with it, so that events start them; only `serve` executes.
 *
 * A process that makes its runtime after its first `send` has sent to the default store: make the runtime first, or
 * give both the same `LONGHAUL_URL`. A runtime that closes takes itself out of 1 and 2.
 */
const byClient = new WeakMap<object, RunHost[]>();
const runtimes: RunHost[] = [];

/** Binds a client to an engine. Returns a function that takes the binding back. */
export function bindClient(client: Inngest.Any, host: RunHost): () => void {
  let own = byClient.get(client);
  if (own === undefined) byClient.set(client, (own = []));
  const isDefault = isDefaultHost(host);
  // The default engine goes first: whatever else there is, is meant more than it.
  if (isDefault) own.unshift(host);
  else {
    own.push(host);
    runtimes.push(host);
    leaveDefaultHost(client).catch(reporter(client));
  }
  let isBound = true;
  return () => {
    if (!isBound) return;
    isBound = false;
    removeLast(own, host);
    if (!isDefault) removeLast(runtimes, host);
  };
}

/** The runtime that a client is bound to, if there is one. */
export function boundHost(client: object): RunHost | undefined {
  const own = byClient.get(client)?.at(-1);
  return own !== undefined && !isDefaultHost(own) ? own : (runtimes.at(-1) ?? own);
}

/**
 * The engine that a client sends to.
 *
 * @throws {LonghaulError} what opening the default store throws
 */
export function hostOf(client: Inngest.Any): RunHost {
  const bound = boundHost(client);
  if (bound !== undefined) return bound;
  const host = openDefaultHost(reporter(client));
  keepDefaultBinding(client, bindClient(client, host));
  for (const fn of client.funcs) keepDefaultBinding(client, fn[attach](host));
  return host;
}

/** A function was made. If its client is on the default store, the function has to be known there. */
export function functionMade(client: Inngest.Any, fn: AnyInngestFunction): void {
  if (!usesDefaultHost(client)) return;
  const host = openDefaultHost(reporter(client));
  keepDefaultBinding(client, fn[attach](host));
}

/**
 * Sees to it that this process executes functions.
 *
 * @param prefix The first part of the functions' ids: the client's id, or what `serve` was told.
 */
export async function serveFunctions(
  client: Inngest.Any,
  functions: readonly AnyInngestFunction[],
  prefix: string,
): Promise<void> {
  const host = hostOf(client);
  // A runtime that has a function may have changed it on the way, as tests do.
  for (const fn of functions)
    if (prefix !== client.id || !fn.isAttached) fn.registerWith(host, prefix);
  if (isDefaultHost(host)) await startDefaultHost();
}

const reporter =
  (client: Inngest.Any) =>
  (err: unknown): void =>
    client.internalLogger.error({ err }, "the default store reports a failure");

function removeLast(hosts: RunHost[], host: RunHost): void {
  const index = hosts.lastIndexOf(host);
  if (index >= 0) hosts.splice(index, 1);
}
