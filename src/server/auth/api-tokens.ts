import { randomUUID } from "node:crypto";
import type { Clock } from "../../core/clock.ts";
import { LonghaulError } from "../../core/errors.ts";
import type { SqlValue } from "../../storage/sqlite/connection.ts";
import type { SqliteStore } from "../../storage/sqlite/store.ts";
import type { Principal, Role } from "../principal.ts";
import { requireScopes } from "./scopes.ts";
import { hashOf, newSecret } from "./secrets.ts";

/** What is known of a token, besides itself. Times are epoch milliseconds. */
export interface ApiToken {
  readonly id: string;
  readonly name: string;
  /** None: only what the scopes say. */
  readonly role?: Role;
  readonly scopes: readonly string[];
  readonly createdAt: number;
  /** Who made it. */
  readonly createdBy: string;
  readonly expiresAt?: number;
  /** To the minute. */
  readonly lastUsedAt?: number;
  readonly revokedAt?: number;
}

/** A token to make: with a role, or with scopes. */
export interface NewApiToken {
  readonly name: string;
  readonly role?: Role | undefined;
  readonly scopes?: readonly string[] | undefined;
  /** @default it does not expire */
  readonly expiresInMs?: number | undefined;
  readonly createdBy: string;
}

export const API_TOKEN_PREFIX = "lh_sk_";
/** How exact the last use is. */
const USE_MS = 60_000;
const COLUMNS =
  "id, name, role, scopes, created_at, created_by, expires_at, last_used_at, revoked_at";

/**
 * The tokens of programs and people, in the store. They are looked up for each request, by primary key: one that was
 * revoked in another process is refused at once.
 */
export class ApiTokens {
  readonly #store: SqliteStore;
  readonly #clock: Clock;

  constructor(store: SqliteStore, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /**
   * Makes a token. `secret` is shown this once; the store has only its hash.
   *
   * @throws {LonghaulError} AUTH_BAD_SCOPE, AUTH_BAD_EXPIRY
   */
  async create(
    wanted: NewApiToken,
  ): Promise<{ readonly secret: string; readonly token: ApiToken }> {
    const { name, role, scopes = [], expiresInMs, createdBy } = wanted;
    requireScopes(scopes);
    if (role === undefined && scopes.length === 0)
      throw new LonghaulError("AUTH_BAD_SCOPE", {
        scope: "nothing",
        reason: "give a role or scopes",
      });
    if (expiresInMs !== undefined && !(Number.isInteger(expiresInMs) && expiresInMs > 0)) {
      throw new LonghaulError("AUTH_BAD_EXPIRY", { reason: `${expiresInMs} ms is no time ahead` });
    }
    const secret = `${API_TOKEN_PREFIX}${newSecret()}`;
    const id = `tok_${randomUUID().replaceAll("-", "")}`;
    const now = Math.floor(this.#clock.now());
    const expiresAt = expiresInMs === undefined ? null : now + expiresInMs;
    const values = [id, hashOf(secret), name, role ?? null, JSON.stringify(scopes)];
    await this.#store.write("server:create-token", () => {
      this.#store.connection
        .sql(
          `INSERT INTO api_token (id, hash, name, role, scopes, created_at, created_by, expires_at)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
        )
        .run(...values, now, createdBy, expiresAt);
    });
    return { secret, token: this.get(id)! };
  }

  /** Who has this token; nobody if it is unknown, revoked or over. */
  find(secret: string): Principal | undefined {
    return this.findByHash(hashOf(secret));
  }

  /** As {@link find}, by what is kept of the token. */
  findByHash(hash: Buffer): Principal | undefined {
    const row = this.#store.connection
      .sql(`SELECT ${COLUMNS} FROM api_token WHERE hash = ?`)
      .get(hash);
    if (row === undefined) return undefined;
    const { id, name, role, scopes, expiresAt, lastUsedAt, revokedAt } = tokenOf(row);
    const now = this.#clock.now();
    if (revokedAt !== undefined || (expiresAt !== undefined && now >= expiresAt)) return undefined;
    if (lastUsedAt === undefined || now - lastUsedAt >= USE_MS) this.#noteUse(id, now);
    return { kind: "token", id, name, role, scopes, expiresAt };
  }

  get(id: string): ApiToken | undefined {
    const row = this.#store.connection.sql(`SELECT ${COLUMNS} FROM api_token WHERE id = ?`).get(id);
    return row && tokenOf(row);
  }

  /** All of them, also those that were revoked, the newest first. */
  async list(): Promise<readonly ApiToken[]> {
    const rows = await this.#store.query(
      `SELECT ${COLUMNS} FROM api_token ORDER BY created_at DESC, id DESC`,
    );
    return rows.map(tokenOf);
  }

  /** Ends a token, in all processes. Resolves with it; with nothing if there is none with that id. */
  async revoke(id: string): Promise<ApiToken | undefined> {
    const now = Math.floor(this.#clock.now());
    await this.#store.write("server:revoke-token", () => {
      this.#store.connection
        .sql("UPDATE api_token SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL")
        .run(now, id);
    });
    return this.get(id);
  }

  /** Which of some tokens were revoked. */
  async revoked(ids: readonly string[]): Promise<ReadonlySet<string>> {
    const rows = await this.#store.query(
      `SELECT id FROM api_token
       WHERE id IN (SELECT value FROM json_each(?)) AND revoked_at IS NOT NULL`,
      [JSON.stringify(ids)],
    );
    return new Set(rows.map(([id]) => id as string));
  }

  /** Nobody waits for it, and a store that takes no writes must not shut readers out. */
  #noteUse(id: string, now: number): void {
    const minute = now - (now % USE_MS);
    const noted = this.#store.write("server:token-used", () => {
      this.#store.connection
        .sql("UPDATE api_token SET last_used_at = ? WHERE id = ?")
        .run(minute, id);
    });
    noted.catch(() => {});
  }
}

function tokenOf(row: readonly SqlValue[]): ApiToken {
  const [id, name, role, scopes, createdAt, createdBy, expiresAt, lastUsedAt, revokedAt] = row;
  return {
    id: id as string,
    name: name as string,
    ...(role !== null && { role: role as Role }),
    scopes: JSON.parse(scopes as string) as string[],
    createdAt: createdAt as number,
    createdBy: createdBy as string,
    ...(expiresAt !== null && { expiresAt: expiresAt as number }),
    ...(lastUsedAt !== null && { lastUsedAt: lastUsedAt as number }),
    ...(revokedAt !== null && { revokedAt: revokedAt as number }),
  };
}
