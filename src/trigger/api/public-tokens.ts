import type { ServerLink } from "../../runs/hosting.ts";
import { durationMs } from "../durations.ts";
import { currentHost } from "../host/binding.ts";
import type { OneOrMany } from "../types/untyped.ts";
import { badCall, checkProperties, readId, readText, unsupported } from "./refusals.ts";

/** What a token for browsers allows, in Trigger.dev's words. Each names single things: there is no "all". */
export interface PublicTokenPermissions {
  readonly read?:
    | {
        readonly runs?: OneOrMany<string> | undefined;
        readonly tags?: OneOrMany<string> | undefined;
        /** All runs of a task. */
        readonly tasks?: OneOrMany<string> | undefined;
        readonly batch?: OneOrMany<string> | undefined;
      }
    | undefined;
  readonly write?:
    | {
        /** To trigger them. */
        readonly tasks?: OneOrMany<string> | undefined;
        /** To complete waitpoint tokens. */
        readonly waitpoints?: OneOrMany<string> | undefined;
      }
    | undefined;
  /** The older way to say `write.tasks`. */
  readonly trigger?: { readonly tasks?: OneOrMany<string> | undefined } | undefined;
}

/** When a token expires. */
export interface PublicTokenExpiry {
  /** `"1h"` from now, a date, or epoch seconds; 24 hours at most. @default "15m" */
  readonly expirationTime?: string | Date | number | undefined;
}

/** How a token for triggering is made. */
export interface TriggerTokenOptions extends PublicTokenExpiry {
  /** @default false */
  readonly multipleUse?: boolean | undefined;
}

const SCOPES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  read: { runs: "read:run", tags: "read:tag", tasks: "read:function", batch: "read:batch" },
  write: { tasks: "trigger:task", waitpoints: "write:token" },
  trigger: { tasks: "trigger:task" },
};

/**
 * Makes a token that a browser may have. It takes a server on the same runtime: `createServer(longhaul)`.
 * @throws {LonghaulError} TASK_UNSUPPORTED without a server or for what there is no scope for, TASK_BAD_CALL,
 *   TASK_BAD_DURATION, AUTH_BAD_EXPIRY
 */
export async function createPublicToken(
  options: PublicTokenExpiry & { readonly scopes: PublicTokenPermissions },
): Promise<string> {
  const call = "auth.createPublicToken";
  checkProperties(call, options, ["scopes", "expirationTime"], {
    realtime: "there is no proxy whose behaviour it would set",
  });
  const server = serverFor(call);
  const scopes = readScopes(call, options.scopes);
  return server.createPublicToken({ scopes, ...expiry(call, options) });
}

/**
 * Makes a token with which a browser may trigger tasks, once unless `multipleUse` is true.
 * @throws {LonghaulError} as {@link createPublicToken}
 */
export const createTriggerPublicToken = (
  task: OneOrMany<string | { readonly id: string }>,
  options?: TriggerTokenOptions,
): Promise<string> => forTriggering("auth.createTriggerPublicToken", task, options);

/** As {@link createTriggerPublicToken}, for batches: it starts runs one by one too. */
export const createBatchTriggerPublicToken: typeof createTriggerPublicToken = (task, options) =>
  forTriggering("auth.createBatchTriggerPublicToken", task, options);

async function forTriggering(
  call: string,
  task: OneOrMany<string | { readonly id: string }>,
  options: TriggerTokenOptions = {},
): Promise<string> {
  checkProperties(call, options, ["expirationTime", "multipleUse"], {
    realtime: "there is no proxy whose behaviour it would set",
  });
  const server = serverFor(call);
  const tasks: readonly unknown[] = Array.isArray(task) ? task : [task];
  if (tasks.length === 0) badCall(call, "there is no task");
  return server.createPublicToken({
    scopes: tasks.map((one) => `trigger:task:${readId(call, one)}`),
    singleUse: options.multipleUse !== true,
    ...expiry(call, options),
  });
}

const serverFor = (call: string): ServerLink =>
  currentHost().server ??
  unsupported(
    call,
    "no server of this runtime would take it; make one with createServer(longhaul)",
  );

function readScopes(call: string, given: unknown): string[] {
  checkProperties(call, given, Object.keys(SCOPES));
  const scopes: string[] = [];
  for (const [action, things] of Object.entries(given as object)) {
    if (things === undefined) continue;
    const known = SCOPES[action]!;
    checkProperties(call, things, Object.keys(known), LACKING);
    for (const [thing, names] of Object.entries(things as object))
      for (const name of namesOf(call, thing, names)) scopes.push(`${known[thing]!}:${name}`);
  }
  return scopes.length > 0 ? scopes : badCall(call, "there is no scope");
}

const LACKING: Readonly<Record<string, string>> = Object.fromEntries(
  ["deployments", "inputStreams", "sessions", "queues", "schedules", "query"].map((name) => [
    name,
    "no scope of a public token is about it",
  ]),
);

function namesOf(call: string, thing: string, given: unknown): string[] {
  if (given === undefined) return [];
  if (given === true)
    unsupported(`${call} for all ${thing}`, "a browser may see what is named only; name it");
  const names: readonly unknown[] = Array.isArray(given) ? given : [given];
  return names.map((name) => readText(call, thing, name));
}

function expiry(
  call: string,
  { expirationTime }: PublicTokenExpiry,
): { readonly expiresInMs?: number } {
  if (expirationTime === undefined) return {};
  if (typeof expirationTime === "string")
    return { expiresInMs: durationMs(expirationTime, "expirationTime") };
  const at = expirationTime instanceof Date ? expirationTime.getTime() : expirationTime * 1_000;
  if (!Number.isFinite(at)) badCall(call, "expirationTime is no time");
  return { expiresInMs: Math.ceil(at - currentHost().now()) };
}
