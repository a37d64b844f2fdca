import type { Role } from "../principal.ts";
import type { RequestInfo } from "./auth.ts";

/** Somebody whom the host application knows. */
export interface HostUser {
  /** For the audit log. */
  readonly name: string;
  /** Without one, only what the scopes say. */
  readonly role?: Role | undefined;
  /** Single things, such as `read:run:run_01…`. @default none */
  readonly scopes?: readonly string[] | undefined;
}

/** Who may use a server. By default: those who have a token, and nobody else. */
export interface AuthOptions {
  /**
   * The host application's own login: who sends this request, or nobody. It is asked when the request has none of
   * Longhaul's own tokens.
   *
   * @default nobody
   */
  readonly authorize?:
    | ((
        request: Request,
        info: RequestInfo,
      ) => HostUser | undefined | null | Promise<HostUser | undefined | null>)
    | undefined;
}
