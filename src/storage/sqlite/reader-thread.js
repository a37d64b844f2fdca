/**
 * The worker thread behind reader.ts: one read-only connection that answers queries in order, and one that writes,
 * for checkpoints.
 *
 * Plain JavaScript, and without imports of our own, because a worker thread loads no TypeScript on Node 20: the same
 * file works from `src` and from `dist`.
 */
import { createRequire } from "node:module";
import { parentPort, workerData } from "node:worker_threads";

/**
 * @typedef {(params: unknown[]) => unknown[][]} Query
 * @typedef {{ prepare: (sql: string) => Query, close: () => void }} Database
 * @typedef {{ id: number, sql: string, params: unknown[], write?: boolean }} Request
 */

/** How many statements stay prepared; dashboards build few texts. */
const CACHE_SIZE = 200;
/** Readers of a WAL wait only for a recovery or a closing process. */
const BUSY_TIMEOUT_MS = 2_000;

const { path, driver } = /** @type {{ path: string, driver: string }} */ (workerData);
/** @type {(name: string) => any} The drivers' own types are of no use here: either may be missing. */
const load = createRequire(import.meta.url);
/** @type {Map<string, Query>} */
const queries = new Map();
/** @type {Database | undefined} */
let database;
/** @type {Database | undefined} */
let writable;

/**
 * @param {boolean} readOnly
 * @returns {Database}
 */
function open(readOnly) {
  if (driver === "node:sqlite") {
    const { DatabaseSync } = load("node:sqlite");
    const connection = new DatabaseSync(path, { readOnly, timeout: BUSY_TIMEOUT_MS });
    return {
      prepare(sql) {
        const statement = connection.prepare(sql);
        statement.setReturnArrays?.(true);
        const toArray = statement.setReturnArrays ? undefined : Object.values;
        return (params) =>
          toArray ? statement.all(...params).map(toArray) : statement.all(...params);
      },
      close: () => connection.close(),
    };
  }
  const Database = load("better-sqlite3");
  const connection = new Database(path, { readonly: readOnly, timeout: BUSY_TIMEOUT_MS });
  return {
    prepare(sql) {
      const statement = connection.prepare(sql).raw(true);
      return (params) => statement.all(...params);
    },
    close: () => connection.close(),
  };
}

/**
 * @param {string} sql
 * @returns {Query}
 */
function prepare(sql) {
  let query = queries.get(sql);
  if (!query) {
    database ??= open(true);
    query = database.prepare(sql);
    if (queries.size >= CACHE_SIZE) queries.clear();
    queries.set(sql, query);
  }
  return query;
}

/**
 * @param {string} sql
 * @returns {Query}
 */
function prepareWrite(sql) {
  writable ??= open(false);
  return writable.prepare(sql);
}

parentPort?.on("message", (/** @type {Request | null} */ request) => {
  if (request === null) {
    database?.close();
    writable?.close();
    parentPort?.close();
    return;
  }
  const { id, sql, params, write } = request;
  try {
    parentPort?.postMessage({ id, rows: (write ? prepareWrite(sql) : prepare(sql))(params) });
  } catch (error) {
    const { message, code, errcode } =
      /** @type {Error & { code?: unknown, errcode?: unknown }} */ (error);
    parentPort?.postMessage({ id, error: { message, code, errcode } });
  }
});
