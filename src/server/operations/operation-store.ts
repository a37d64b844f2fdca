import { randomBytes } from "node:crypto";
import type { SearchQuery } from "../../core/search/search-query.ts";
import type { SqlValue } from "../../storage/sqlite/connection.ts";
import type { SqliteStore } from "../../storage/sqlite/store.ts";
import type { Operation, Snapshot, Step, Work } from "./operation.ts";

const COLUMNS = `pk, id, target, action, filter, snapshot, state, created_by, created_at, finished_at, position,
  last_key, matched, done, skipped, failed, errors`;
const INSERT = `INSERT INTO operation (id, target, action, filter, snapshot, state, created_by, created_at, position,
  last_key, owner, lease_until) VALUES (?, ?, ?, ?, ?, 'running', ?, ?, -1, ?, ?, ?)`;
const BY_ID = `SELECT ${COLUMNS} FROM operation WHERE id = ?`;
const PAGE = `SELECT ${COLUMNS} FROM operation WHERE pk < ? ORDER BY pk DESC LIMIT ?`;
const LOST = `SELECT id FROM operation INDEXED BY operation_open WHERE finished_at IS NULL
  AND (lease_until <= ? OR owner NOT IN (SELECT id FROM process)) ORDER BY pk`;
const CLAIM = `UPDATE operation SET owner = ?, lease_until = ? WHERE id = ? AND finished_at IS NULL
  AND (lease_until <= ? OR owner NOT IN (SELECT id FROM process))`;
const RELEASE = "UPDATE operation SET lease_until = 0 WHERE id = ? AND owner = ?";
const HELD = "SELECT errors FROM operation WHERE id = ? AND owner = ? AND finished_at IS NULL";
const STEP = `UPDATE operation SET position = ?, matched = matched + ?, done = done + ?, skipped = skipped + ?,
  failed = failed + ?, errors = ?, lease_until = ?, state = ?, finished_at = ? WHERE id = ?`;
const END =
  "UPDATE operation SET state = ?, finished_at = ?, errors = ? WHERE id = ? AND finished_at IS NULL";

/** While a process works on an operation it says so this often, at least. */
export const LEASE_MS = 10_000;
/** Of more failures only the number is kept. */
const MAX_ERRORS = 20;

/** Table `operation`: bulk operations, and who works on them. */
export class OperationStore {
  readonly #store: SqliteStore;

  constructor(store: SqliteStore) {
    this.#store = store;
  }

  /** Adds an operation that this process works on. @returns its id */
  async add(
    work: Work,
    filter: SearchQuery,
    snapshot: Snapshot,
    by: { readonly name: string; readonly id?: string | undefined },
  ): Promise<string> {
    const { connection, clock, owner } = this.#store;
    const id = by.id ?? `op_${randomBytes(12).toString("hex")}`;
    await this.#store.write("operation:add", () => {
      if (connection.sql(BY_ID).get(id)) return;
      const now = clock.now();
      connection
        .sql(INSERT)
        .run(
          ...[id, work.target, work.action, JSON.stringify(filter), JSON.stringify(snapshot)],
          ...[by.name, now, snapshot.lastKey, owner, now + LEASE_MS],
        );
    });
    return id;
  }

  async get(id: string): Promise<Operation | undefined> {
    const [row] = await this.#store.query(BY_ID, [id]);
    return row && toOperation(row);
  }

  /** Operations, the newest first. @param before the key that the page begins before */
  async list(limit: number, before = Number.MAX_SAFE_INTEGER): Promise<Operation[]> {
    return (await this.#store.query(PAGE, [before, limit])).map(toOperation);
  }

  /** Takes over operations that nobody works on. @returns their ids */
  async claimLost(): Promise<string[]> {
    const { connection, clock, owner } = this.#store;
    if ((await this.#store.query(LOST, [clock.now()])).length === 0) return [];
    return this.#store.write("operation:claim", () => {
      const now = clock.now();
      const lost = connection.sql(LOST).all(now) as [string][];
      return lost.flatMap(([id]) => {
        const { changes } = connection.sql(CLAIM).run(owner, now + LEASE_MS, id, now);
        return changes > 0 ? [id] : [];
      });
    });
  }

  /** Lets another process go on with it. */
  async release(id: string): Promise<void> {
    const { connection, owner } = this.#store;
    await this.#store.write("operation:release", () => connection.sql(RELEASE).run(id, owner));
  }

  /**
   * Keeps what a piece of work has come to, inside the transaction that did it. The work itself is done by `work`, which
   * is not called if the operation was aborted or taken over meanwhile.
   *
   * @returns whether to go on
   */
  step(id: string, work: () => Step): boolean {
    const { connection, clock, owner } = this.#store;
    const held = connection.sql(HELD).get(id, owner);
    if (!held) return false;
    const { position, matched, done, skipped, failed, isLast } = work();
    const now = clock.now();
    const errors = addErrors(held[0] as string, failed);
    const end: SqlValue[] = isLast ? ["completed", now] : ["running", null];
    const counts = [position, matched, done, skipped, failed.length];
    connection.sql(STEP).run(...counts, errors, now + LEASE_MS, ...end, id);
    return !isLast;
  }

  /** Ends an operation before it is through. @returns false if it was over */
  end(id: string, state: "aborted" | "failed", message?: string): Promise<boolean> {
    const { connection, clock } = this.#store;
    return this.#store.write("operation:end", () => {
      const [errors = "[]"] = (connection.sql(BY_ID).get(id)?.slice(-1) ?? []) as [string?];
      const all = message === undefined ? errors : addErrors(errors, [{ id: "", message }]);
      return connection.sql(END).run(state, clock.now(), all, id).changes > 0;
    });
  }
}

function addErrors(json: string, more: Step["failed"]): string {
  if (more.length === 0) return json;
  const errors = JSON.parse(json) as Step["failed"];
  return JSON.stringify([...errors, ...more].slice(0, MAX_ERRORS));
}

function toOperation(row: readonly SqlValue[]): Operation {
  const [key, id, target, action, filter, snapshot, state, createdBy, createdAt, ...rest] = row;
  const [finishedAt, position, lastKey, matched, done, skipped, failed, errors] = rest;
  const json = (text: SqlValue | undefined): unknown => JSON.parse(text as string);
  return {
    ...({ key, id, state, createdBy, createdAt, finishedAt, position, lastKey } as Operation),
    ...({ matched, done, skipped, failed } as Operation),
    work: { target, action } as Work,
    filter: json(filter) as SearchQuery,
    snapshot: json(snapshot) as Snapshot,
    errors: json(errors) as Operation["errors"],
  };
}
