import { LonghaulError } from "../../core/errors.ts";
import { type Principal, ROLES } from "../principal.ts";
import type { HostUser } from "./options.ts";

/**
 * Whom `authorize` named. What it returned comes from outside of the types: a mistake there must not let anybody in.
 *
 * @throws {LonghaulError} AUTH_BAD_ANSWER
 */
export function principalOfHost(user: HostUser | undefined | null): Principal | undefined {
  if (user === undefined || user === null) return undefined;
  if (typeof user !== "object") throw bad(`it is a ${typeof user}`);
  const { name, role, scopes = [] }: Partial<HostUser> = user;
  if (typeof name !== "string" || name === "") throw bad("it has no name");
  if (role !== undefined && !ROLES.includes(role)) throw bad(`${role} is no role`);
  if (!Array.isArray(scopes) || scopes.some((scope) => typeof scope !== "string"))
    throw bad("scopes is no list of strings");
  return { kind: "host", name, role, scopes };
}

const bad = (reason: string): LonghaulError => new LonghaulError("AUTH_BAD_ANSWER", { reason });
