import { LonghaulError } from "../../../core/errors.ts";
import { type BrowsedRun, readAccess, readRun } from "../../../runs/browse/run.ts";
import type { ServerHost } from "../../server-host.ts";

/** @throws {LonghaulError} SERVER_NOT_FOUND */
export function notFound(what: string, id: string): never {
  throw new LonghaulError("SERVER_NOT_FOUND", { what: `${what} ${id}` });
}

/** @throws {LonghaulError} SERVER_STATE_CONFLICT */
export function conflict(what: string, state: string, action: string): never {
  throw new LonghaulError("SERVER_STATE_CONFLICT", { what, state, action });
}

/**
 * A run without its journal.
 * @throws {LonghaulError} SERVER_NOT_FOUND
 */
export async function findRun({ parts }: ServerHost, runId: string): Promise<BrowsedRun> {
  return (await readRun(parts.store, runId)) ?? notFound("run", runId);
}

/** Scopes that suffice to read a run: its own, and those of what it belongs to. */
export async function runScopes({
  params,
  host,
}: {
  readonly params: { readonly runId: string };
  readonly host: ServerHost;
}): Promise<string[]> {
  const { runId } = params;
  const own = `read:run:${runId}`;
  const access = await readAccess(host.parts.store, runId);
  if (access === undefined) return [own];
  const { functionId, tags, batchId } = access;
  return [
    own,
    `read:function:${functionId}`,
    ...tags.map((tag) => `read:tag:${tag}`),
    ...(batchId === undefined ? [] : [`read:batch:${batchId}`]),
  ];
}
