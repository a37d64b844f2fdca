import type { RuntimeParts } from "../../runtime/parts.ts";
import type { SqlValue } from "../../storage/sqlite/connection.ts";
import type { Principal, Role } from "../principal.ts";

/** `refused`: the caller's fault, such as a missing role; `failed`: ours. */
export type AuditOutcome = "done" | "refused" | "failed";

/** Something that was done through the server, or tried. */
export interface AuditEntry {
  /** Rises with time. */
  readonly id: number;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly kind: Principal["kind"];
  readonly actor: string;
  /** The id of the token, if there was one. */
  readonly actorId?: string;
  readonly role?: Role;
  /** The id of the route, such as `runs.cancel`. */
  readonly action: string;
  readonly object: string;
  readonly outcome: AuditOutcome;
  /** Of the answer. */
  readonly status: number;
  /** Of the problem. */
  readonly code?: string;
  readonly address?: string;
  readonly requestId: string;
}

/** What somebody does, for {@link AuditLog.write}. */
export interface AuditNote {
  readonly principal: Principal;
  readonly action: string;
  readonly object: string;
  readonly status: number;
  readonly code?: string | undefined;
  readonly address?: string | undefined;
  readonly requestId: string;
}

/** Which entries, the newest first. */
export interface AuditFilter {
  readonly actor?: string | undefined;
  readonly action?: string | undefined;
  readonly outcome?: AuditOutcome | undefined;
  /** Those before this one. */
  readonly beforeId?: number | undefined;
  readonly limit: number;
}

const KEEP_MS = 90 * 24 * 60 * 60_000;
/** Rows, whatever their age: whoever has a token must not fill the disk. */
const KEEP_ROWS = 100_000;
const LONGEST_OBJECT = 500;
const COLUMNS =
  "pk, at, kind, actor, actor_id, role, action, object, outcome, status, code, address, request_id";

/** Who did what, in the store; for 90 days, and the last 100,000 at most. */
export class AuditLog {
  readonly #parts: RuntimeParts;
  readonly #keepRows: number;

  constructor(parts: RuntimeParts, keepRows = KEEP_ROWS) {
    this.#parts = parts;
    this.#keepRows = keepRows;
  }

  /** Resolves once it is on disk. */
  async write(note: AuditNote): Promise<void> {
    const { store, clock } = this.#parts;
    const { principal, action, object, status, code, address, requestId } = note;
    const { kind, name, id, role } = principal;
    const at = Math.floor(clock.now());
    const outcome = status < 400 ? "done" : status < 500 ? "refused" : "failed";
    const what = [action, object.slice(0, LONGEST_OBJECT), outcome, status, code ?? null];
    const { connection } = store;
    await store.write("server:audit", () => {
      connection
        .sql(
          `INSERT INTO audit (at, kind, actor, actor_id, role, action, object, outcome, status, code, address, request_id)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        )
        .run(at, kind, name, id ?? null, role ?? null, ...what, address ?? null, requestId);
      connection.sql("DELETE FROM audit WHERE at < ?").run(at - KEEP_MS);
      connection
        .sql("DELETE FROM audit WHERE pk <= (SELECT max(pk) FROM audit) - ?")
        .run(this.#keepRows);
    });
  }

  async list({ actor, action, outcome, beforeId, limit }: AuditFilter): Promise<AuditEntry[]> {
    const conditions: [string, SqlValue | undefined][] = [
      ["pk < ?", beforeId],
      ["actor = ?", actor],
      ["action = ?", action],
      ["outcome = ?", outcome],
    ];
    const given = conditions.filter(([, value]) => value !== undefined);
    const where = given.map(([condition]) => condition).join(" AND ") || "1";
    const values = given.map(([, value]) => value!);
    const rows = await this.#parts.store.query(
      `SELECT ${COLUMNS} FROM audit WHERE ${where} ORDER BY pk DESC LIMIT ?`,
      [...values, limit],
    );
    return rows.map(entryOf);
  }
}

function entryOf(row: readonly SqlValue[]): AuditEntry {
  const [pk, at, kind, actor, actorId, role, action, object, outcome, status, ...rest] = row;
  const [code, address, requestId] = rest;
  return {
    id: pk as number,
    at: at as number,
    kind: kind as Principal["kind"],
    actor: actor as string,
    ...(actorId !== null && { actorId: actorId as string }),
    ...(role !== null && { role: role as Role }),
    action: action as string,
    object: object as string,
    outcome: outcome as AuditOutcome,
    status: status as number,
    ...(code !== null && { code: code as string }),
    ...(address !== null && { address: address as string }),
    requestId: requestId as string,
  };
}
