import type BetterSqlite from "better-sqlite3";
import type { Connection, Statement } from "./connection.ts";

/** Opens a file with better-sqlite3. Its own statements have the shape we want once they return arrays. */
export function openBetterSqlite(
  require: NodeJS.Require,
  path: string,
  readOnly: boolean,
): Connection {
  const Database = require("better-sqlite3") as typeof BetterSqlite;
  return wrapBetterSqlite(new Database(path, { readonly: readOnly, timeout: 0 }));
}

/** The common face of an open database. */
export function wrapBetterSqlite(database: BetterSqlite.Database): Connection {
  const statements = new Map<string, Statement>();

  function prepare(text: string): Statement {
    const prepared = database.prepare(text);
    if (prepared.reader) prepared.raw(true);
    const statement = prepared as unknown as Statement;
    statements.set(text, statement);
    return statement;
  }

  return {
    driver: "better-sqlite3",
    sql: (text) => statements.get(text) ?? prepare(text),
    exec: (text) => void database.exec(text),
    close: () => void database.close(),
  };
}
