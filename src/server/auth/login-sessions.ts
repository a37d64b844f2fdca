import type { Clock } from "../../core/clock.ts";
import type { SqliteStore } from "../../storage/sqlite/store.ts";
import { hashOf, newSecret } from "./secrets.ts";

/** How long a browser stays logged in. */
export const SESSION_MS = 12 * 60 * 60_000;

/** Browsers that are logged in, in the store: what the cookie says is a secret, of which the store has the hash. */
export class LoginSessions {
  readonly #store: SqliteStore;
  readonly #clock: Clock;

  constructor(store: SqliteStore, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /** Resolves with what the cookie has to say. */
  async create(tokenHash: Buffer): Promise<string> {
    const secret = newSecret();
    const now = Math.floor(this.#clock.now());
    const { connection } = this.#store;
    await this.#store.write("server:login", () => {
      connection.sql("DELETE FROM login_session WHERE expires_at <= ?").run(now);
      connection
        .sql(
          "INSERT INTO login_session (hash, token_hash, created_at, expires_at) VALUES (?, ?, ?, ?)",
        )
        .run(hashOf(secret), tokenHash, now, now + SESSION_MS);
    });
    return secret;
  }

  /** The hash of the token that the session was made with, unless it is over. */
  find(secret: string): { readonly tokenHash: Buffer; readonly expiresAt: number } | undefined {
    const row = this.#store.connection
      .sql("SELECT token_hash, expires_at FROM login_session WHERE hash = ? AND expires_at > ?")
      .get(hashOf(secret), this.#clock.now());
    if (row === undefined) return undefined;
    return { tokenHash: Buffer.from(row[0] as Uint8Array), expiresAt: row[1] as number };
  }

  /** Ends it in all processes; a copy of the cookie is worth nothing then. */
  async end(secret: string): Promise<void> {
    await this.#store.write("server:logout", () => {
      this.#store.connection.sql("DELETE FROM login_session WHERE hash = ?").run(hashOf(secret));
    });
  }
}
