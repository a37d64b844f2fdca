/** What a person or a program may do; each role may do what the ones before it may. */
export type Role = "viewer" | "operator" | "admin";

/** All roles, the weakest first. */
export const ROLES = ["viewer", "operator", "admin"] as const satisfies readonly Role[];

const RANK: Readonly<Record<Role, number>> = { viewer: 0, operator: 1, admin: 2 };

/** Who asks. */
export interface Principal {
  /** How it came in: without a login on this machine, with a token of ours, a public token, or by the host's word. */
  readonly kind: "local" | "token" | "public" | "host";
  /** For the audit log. */
  readonly name: string;
  /** None: only what the scopes say. */
  readonly role?: Role | undefined;
  /** Single things it may do, such as `read:run:run_01…` or `trigger:task:resize`. */
  readonly scopes: readonly string[];
  /** The id of the token it came with, if that has one. */
  readonly id?: string | undefined;
  /** When what it came with is over, in epoch milliseconds: streams end then. None: never. */
  readonly expiresAt?: number | undefined;
  /** Of a token for one use: what it is remembered by once it was used. */
  readonly singleUse?: string | undefined;
}

/** Whether a principal may use a route: by its role, or by one of the scopes that suffice for it. */
export function isAllowed(
  principal: Principal,
  needed: Role,
  sufficient: readonly string[] = [],
): boolean {
  if (principal.role !== undefined && RANK[principal.role] >= RANK[needed]) return true;
  return sufficient.some((scope) => principal.scopes.includes(scope));
}
