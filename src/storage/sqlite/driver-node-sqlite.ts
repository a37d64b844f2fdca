import type { Connection, SqlValue, Statement } from "./connection.ts";

/** The part of node:sqlite that we use. (The types of Node 20, which we build with, do not have it.) */
export interface DatabaseSync {
  prepare(text: string): Statement & { setReturnArrays?(enabled: boolean): void };
  exec(text: string): void;
  close(): void;
}
interface NodeSqlite {
  DatabaseSync: new (path: string, options: { readOnly: boolean; timeout: number }) => DatabaseSync;
}

/** Opens a file with the SQLite that is built into Node 22.13 and newer. */
export function openNodeSqlite(
  require: NodeJS.Require,
  path: string,
  readOnly: boolean,
): Connection {
  const { DatabaseSync } = require("node:sqlite") as NodeSqlite;
  return wrapNodeSqlite(new DatabaseSync(path, { readOnly, timeout: 0 }));
}

/** The common face of an open database. */
export function wrapNodeSqlite(database: DatabaseSync): Connection {
  const statements = new Map<string, Statement>();

  function prepare(text: string): Statement {
    const prepared = database.prepare(text);
    prepared.setReturnArrays?.(true);
    const statement = prepared.setReturnArrays ? prepared : new ObjectRowStatement(prepared);
    statements.set(text, statement);
    return statement;
  }

  return {
    driver: "node:sqlite",
    sql: (text) => statements.get(text) ?? prepare(text),
    exec: (text) => database.exec(text),
    close: () => database.close(),
  };
}

/** Node before 22.16 returns rows as objects only. Column names of one query must differ there. */
class ObjectRowStatement implements Statement {
  readonly #statement: Statement;

  constructor(statement: Statement) {
    this.#statement = statement;
  }

  run(...params: SqlValue[]): { changes: number; lastInsertRowid: number } {
    return this.#statement.run(...params);
  }

  get(...params: SqlValue[]): SqlValue[] | undefined {
    const row = this.#statement.get(...params);
    return row && Object.values(row);
  }

  all(...params: SqlValue[]): SqlValue[][] {
    return this.#statement.all(...params).map((row) => Object.values(row));
  }
}
