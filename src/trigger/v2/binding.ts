import { attach, type RunHost } from "../../runs/hosting.ts";
import {
  isDefaultHost,
  keepDefaultBinding,
  leaveDefaultHost,
  openDefaultHost,
  usesDefaultHost,
} from "../../runs/default-host.ts";
import type { TriggerClient } from "./client.ts";
import { currentScope } from "./run-scope.ts";

/**
 * Which engine a client's calls go to.
 *
 *   1. in a run: the engine that executes it
 *   2. the runtime that serves the client or one of its jobs, the last one made first
 *   3. the runtime that serves any client of this process, for clients that only send
 *   4. the default store (`LONGHAUL_URL`, else `file:.longhaul/longhaul.db`), opened at the first call: what is sent is
 *      stored, and starts the client's jobs; a runtime on the same store executes them
 *
 * A runtime that closes takes itself out of 2 and 3.
 */
const byClient = new WeakMap<TriggerClient, RunHost[]>();
const runtimes: RunHost[] = [];

/** Binds a client to an engine. Returns a function that takes that back. */
export function bindClient(client: TriggerClient, host: RunHost): () => void {
  if (isDefaultHost(host)) return () => {};
  let own = byClient.get(client);
  if (own === undefined) byClient.set(client, (own = []));
  own.push(host);
  runtimes.push(host);
  leaveDefaultHost(client).catch((err: unknown) => report(client, err));
  return () => {
    removeLast(own, host);
    removeLast(runtimes, host);
  };
}

/** @throws {LonghaulError} what opening the default store throws */
export function hostOf(client: TriggerClient): RunHost {
  const host = currentScope()?.host ?? byClient.get(client)?.at(-1) ?? runtimes.at(-1);
  if (host !== undefined) return host;
  const opened = openDefaultHost((err) => report(client, err));
  if (!usesDefaultHost(client)) keepDefaultBinding(client, client[attach](opened));
  return opened;
}

const report = (client: TriggerClient, err: unknown): void =>
  client.print("error", "the default store reports a failure", { err });

function removeLast(hosts: RunHost[], host: RunHost): void {
  const index = hosts.lastIndexOf(host);
  if (index >= 0) hosts.splice(index, 1);
}
