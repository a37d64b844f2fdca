/**
 * Requests that are answered once, in the store, so that all processes of a file know of them.
 *
 *   (none) ──reserve──► reserved ──keep──► answered ──24 h──► (none)
 *                        │   ▲ └──release──► (none)      nothing was done
 *                        └───┘ reserve, once the lease is over: the process died, or lost its disk
 *
 * Whoever holds a reservation may move it, and renews its lease as long as the request takes.
 */
import type { Clock } from "../../core/clock.ts";
import type { SqliteStore } from "../../storage/sqlite/store.ts";

/** An answer as it is kept. */
export interface KeptAnswer {
  readonly status: number;
  readonly contentType: string | null;
  /** None where it held a secret, or there was none. */
  readonly text: string | null;
}

/** What became of an attempt to reserve. */
export type Reservation =
  | { readonly kind: "mine" }
  | { readonly kind: "answered"; readonly answer: KeptAnswer }
  /** The same request is being answered. */
  | { readonly kind: "busy" }
  /** The key was sent with another request. */
  | { readonly kind: "other" };

/** A request, and who answers it. */
export interface Reserved {
  readonly id: string;
  readonly fingerprint: Buffer;
  readonly holder: string;
}

export const LEASE_MS = 10_000;
/** How long a key counts. */
export const KEEP_MS = 24 * 60 * 60_000;
/** Rows removed at a time: a request should not wait for the clean-up of a day. */
const PRUNE = 100;

type Row = [Buffer, number, number | null, string | null, string | null];

/** See above. */
export class Reservations {
  readonly #store: SqliteStore;
  readonly #clock: Clock;

  constructor(store: SqliteStore, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  reserve({ id, fingerprint, holder }: Reserved): Promise<Reservation> {
    const now = Math.floor(this.#clock.now());
    const { connection } = this.#store;
    return this.#store.write("idempotency:reserve", (): Reservation => {
      connection
        .sql(
          `DELETE FROM idempotency WHERE id IN
             (SELECT id FROM idempotency WHERE created_at <= ? ORDER BY created_at LIMIT ?)`,
        )
        .run(now - KEEP_MS, PRUNE);
      const row = connection
        .sql(
          `SELECT fingerprint, lease_until, status, content_type, answer FROM idempotency
           WHERE id = ? AND created_at > ?`,
        )
        .get(id, now - KEEP_MS) as Row | undefined;
      if (row !== undefined) {
        const [known, leaseUntil, status, contentType, text] = row;
        if (!fingerprint.equals(known)) return { kind: "other" };
        if (status !== null) return { kind: "answered", answer: { status, contentType, text } };
        if (leaseUntil > now) return { kind: "busy" };
      }
      connection
        .sql(
          `INSERT OR REPLACE INTO idempotency (id, fingerprint, holder, lease_until, created_at)
           VALUES (?, ?, ?, ?, ?)`,
        )
        .run(id, fingerprint, holder, now + LEASE_MS, now);
      return { kind: "mine" };
    });
  }

  /** Says that the holder still works on it. */
  renew({ id, holder }: Reserved): Promise<void> {
    return this.#change("idempotency:renew", "lease_until = ?", [this.#clock.now() + LEASE_MS], {
      id,
      holder,
    });
  }

  keep({ id, holder }: Reserved, { status, contentType, text }: KeptAnswer): Promise<void> {
    return this.#change(
      "idempotency:keep",
      "holder = NULL, status = ?, content_type = ?, answer = ?",
      [status, contentType, text],
      { id, holder },
    );
  }

  release({ id, holder }: Reserved): Promise<void> {
    const { connection } = this.#store;
    return this.#store.write("idempotency:release", () => {
      connection.sql("DELETE FROM idempotency WHERE id = ? AND holder = ?").run(id, holder);
    });
  }

  #change(
    label: string,
    assignments: string,
    values: (string | number | null)[],
    { id, holder }: Pick<Reserved, "id" | "holder">,
  ): Promise<void> {
    const { connection } = this.#store;
    return this.#store.write(label, () => {
      connection
        .sql(`UPDATE idempotency SET ${assignments} WHERE id = ? AND holder = ?`)
        .run(...values, id, holder);
    });
  }
}
