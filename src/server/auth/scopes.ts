import { LonghaulError } from "../../core/errors.ts";

/** What scopes there are; what follows names the one thing. */
const PREFIXES = [
  "read:run:",
  "read:tag:",
  "read:batch:",
  "read:job:",
  "read:queue:",
  "read:function:",
  "trigger:task:",
  "send:event:",
  "write:token:",
  "cancel:run:",
  "remove:job:",
] as const;
/** Scopes of a job name its queue too. */
const JOB = /^(read|remove):job:[^:]+:./;
/** Of one token. */
const MOST = 100;
const LONGEST = 512;

/**
 * Checks scopes that a token is to have.
 *
 * @throws {LonghaulError} AUTH_BAD_SCOPE
 */
export function requireScopes(scopes: readonly string[]): void {
  if (scopes.length > MOST) throw bad(`${scopes.length} of them`, `a token has ${MOST} at most`);
  for (const scope of scopes) {
    const prefix = PREFIXES.find((known) => scope.startsWith(known));
    if (prefix === undefined) throw bad(scope, `it begins with none of ${PREFIXES.join(", ")}`);
    if (scope.length === prefix.length) throw bad(scope, "it names nothing");
    if (scope.length > LONGEST) throw bad(`${scope.slice(0, 40)}…`, `it is too long`);
    if (scope.endsWith(":*")) throw bad(scope, "there are no wildcards");
    if (prefix.endsWith(":job:") && !JOB.test(scope))
      throw bad(scope, `a job is ${prefix}<queue>:<id>`);
  }
}

const bad = (scope: string, reason: string): LonghaulError =>
  new LonghaulError("AUTH_BAD_SCOPE", { scope, reason });

/**
 * The scope of one job. There is none in queues of another prefix: their names hold a colon, as ids may, and it would be
 * the scope of another job too.
 */
export const jobScope = (action: "read" | "remove", queue: string, jobId: string): string[] =>
  queue.includes(":") ? [] : [`${action}:job:${queue}:${jobId}`];
