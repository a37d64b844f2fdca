import { LonghaulError } from "../../core/errors.ts";
import type { RuntimeParts } from "../../runtime/parts.ts";
import type { Principal } from "../principal.ts";
import { API_TOKEN_PREFIX, ApiTokens } from "./api-tokens.ts";
import { adminTokenOf, checkAuthOptions } from "./check-options.ts";
import { sessionCookie } from "./cookie.ts";
import { FailureLimit } from "./failure-limit.ts";
import { principalOfHost } from "./host-user.ts";
import { LoginSessions } from "./login-sessions.ts";
import type { AuthOptions } from "./options.ts";
import { isForeign, isLocal, isSafe } from "./origin.ts";
import { PUBLIC_TOKEN_PREFIX, readPublicToken } from "./public-token.ts";
import type { RequestInfo } from "./request-info.ts";
import { hashOf, isSame } from "./secrets.ts";
import { signingSecret } from "./signing-secret.ts";

const ENVIRONMENT: Principal = {
  kind: "token",
  name: "LONGHAUL_ADMIN_TOKEN",
  role: "admin",
  scopes: [],
};
const LOCAL: Principal = { kind: "local", name: "local", role: "admin", scopes: [] };

/** Finds out who asks. */
export class Auth {
  readonly tokens: ApiTokens;
  readonly sessions: LoginSessions;
  readonly #options: AuthOptions;
  readonly #parts: RuntimeParts;
  readonly #adminHash: Buffer | undefined;
  readonly #failures: FailureLimit;

  /** @throws {LonghaulError} AUTH_BAD_OPTION */
  constructor(parts: RuntimeParts, options: AuthOptions = {}) {
    checkAuthOptions(options);
    const adminToken = adminTokenOf(options);
    this.#options = options;
    this.#parts = parts;
    this.#adminHash = adminToken === undefined ? undefined : hashOf(adminToken);
    this.#failures = new FailureLimit(parts.clock);
    this.tokens = new ApiTokens(parts.store, parts.clock);
    this.sessions = new LoginSessions(parts.store, parts.clock);
  }

  /**
   * Who sends a request; nobody if that cannot be told, and the answer is 401 then.
   *
   * @throws {LonghaulError} AUTH_FOREIGN_ORIGIN, AUTH_TOO_MANY_FAILURES, AUTH_BAD_ANSWER; what `authorize` threw
   */
  async authenticate(request: Request, info: RequestInfo): Promise<Principal | undefined> {
    const bearer = bearerOf(request);
    if (bearer !== undefined) {
      const principal = await this.#bearer(bearer, request, info);
      if (principal === undefined) this.#failed(request, info);
      return principal;
    }
    // From here on, the browser may have added by itself what lets the request in.
    const principal = this.#session(request) ?? (await this.#host(request, info));
    if (principal !== undefined) {
      if (!isSafe(request)) this.requireOwnPage(request);
      return principal;
    }
    if (this.#options.local !== true || !isLocal(request, info.remoteAddress)) return undefined;
    if (!this.#isForeign(request)) return LOCAL;
    if (isSafe(request)) return undefined;
    throw new LonghaulError("AUTH_FOREIGN_ORIGIN");
  }

  /** What a public token allows beside what a request came with; nothing if it is none of ours, or over. */
  async publicToken(token: string): Promise<Principal | undefined> {
    if (!token.startsWith(PUBLIC_TOKEN_PREFIX)) return undefined;
    const secret = await signingSecret(this.#parts.store, this.#options.secret);
    return readPublicToken(secret, this.#parts.clock.now(), token);
  }

  /**
   * Whose token somebody logs in with, and what its session is bound to.
   *
   * @throws {LonghaulError} AUTH_TOO_MANY_FAILURES
   */
  checkLogin(
    token: string,
    request: Request,
    info: RequestInfo,
  ): { readonly principal: Principal; readonly hash: Buffer } | undefined {
    const principal = this.#apiToken(token, request, info);
    if (principal !== undefined) return { principal, hash: hashOf(token) };
    this.#failed(request, info);
    return undefined;
  }

  /** Where a request comes from, as the host understands it. */
  addressOf(request: Request, info: RequestInfo): string | undefined {
    const { clientAddress } = this.#options;
    return clientAddress ? clientAddress(request, info) : info.remoteAddress;
  }

  /** @throws {LonghaulError} AUTH_FOREIGN_ORIGIN if a page of another site sent the request */
  requireOwnPage(request: Request): void {
    if (this.#isForeign(request)) throw new LonghaulError("AUTH_FOREIGN_ORIGIN");
  }

  async #bearer(
    token: string,
    request: Request,
    info: RequestInfo,
  ): Promise<Principal | undefined> {
    if (token.startsWith(PUBLIC_TOKEN_PREFIX)) return this.publicToken(token);
    const principal = this.#apiToken(token, request, info);
    if (principal !== undefined || token.startsWith(API_TOKEN_PREFIX)) return principal;
    return this.#host(request, info);
  }

  #apiToken(token: string, request: Request, info: RequestInfo): Principal | undefined {
    if (this.#options.tokens === false) return undefined;
    if (token.startsWith(API_TOKEN_PREFIX)) return this.tokens.find(token);
    // People make this one up, so it is not to be guessed at; the others cannot be.
    const address = this.addressOf(request, info);
    if (address !== undefined && this.#failures.isExceeded(address)) return undefined;
    return this.#isAdminHash(hashOf(token)) ? ENVIRONMENT : undefined;
  }

  #session(request: Request): Principal | undefined {
    const cookie = this.#options.tokens === false ? undefined : sessionCookie(request);
    const session = cookie === undefined ? undefined : this.sessions.find(cookie);
    if (session === undefined) return undefined;
    const { tokenHash, expiresAt } = session;
    const principal = this.#isAdminHash(tokenHash)
      ? ENVIRONMENT
      : this.tokens.findByHash(tokenHash);
    if (principal === undefined) return undefined;
    return { ...principal, expiresAt: Math.min(expiresAt, principal.expiresAt ?? expiresAt) };
  }

  async #host(request: Request, { remoteAddress }: RequestInfo): Promise<Principal | undefined> {
    return principalOfHost(await this.#options.authorize?.(request, { remoteAddress }));
  }

  #isAdminHash(hash: Buffer): boolean {
    return this.#adminHash !== undefined && isSame(hash, this.#adminHash);
  }

  #isForeign(request: Request): boolean {
    return isForeign(request, this.#options.origins ?? []);
  }

  #failed(request: Request, info: RequestInfo): void {
    const address = this.addressOf(request, info);
    // Nobody in particular cannot be made to wait.
    if (address === undefined) return;
    this.#failures.add(address);
    if (this.#failures.isExceeded(address)) throw new LonghaulError("AUTH_TOO_MANY_FAILURES");
  }
}

function bearerOf(request: Request): string | undefined {
  const match = /^Bearer +([^\s]+) *$/i.exec(request.headers.get("authorization") ?? "");
  return match?.[1];
}
