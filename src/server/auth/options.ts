import type { Role } from "../principal.ts";
import type { RequestInfo } from "./request-info.ts";

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
  /**
   * Whether Longhaul's API tokens, LONGHAUL_ADMIN_TOKEN, and logins with them are taken. Public tokens always are: only
   * the host can make them.
   *
   * @default true
   */
  readonly tokens?: boolean | undefined;
  /**
   * Whether programs and browsers on this very machine are admins without a login. For development: everybody who has
   * an account on the machine is one of them.
   *
   * @default false
   */
  readonly local?: boolean | undefined;
  /** A token of an admin that always works; 16 characters at least. @default env LONGHAUL_ADMIN_TOKEN, else none */
  readonly adminToken?: string | undefined;
  /** What public tokens are signed with; 32 characters at least. @default env LONGHAUL_SECRET, else the file keeps one */
  readonly secret?: string | undefined;
  /**
   * Pages of other sites that may use the server from the browser (CORS), such as "https://app.example.com"; "*" for
   * any, then without cookies. @default none
   */
  readonly origins?: readonly string[] | undefined;
  /**
   * The address that a request comes from, for limits and the audit log: behind a proxy it is in a header, which only the
   * host knows whether to believe. @default the peer's
   */
  readonly clientAddress?:
    ((request: Request, info: RequestInfo) => string | undefined) | undefined;
}
