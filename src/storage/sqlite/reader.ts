import { Worker } from "node:worker_threads";
import { LonghaulError } from "../../core/errors.ts";
import type { DriverName, SqlValue } from "./connection.ts";
import { toStoreError } from "./result-codes.ts";

interface Pending {
  readonly resolve: (rows: SqlValue[][]) => void;
  readonly reject: (error: unknown) => void;
}

type Answer =
  | { readonly id: number; readonly rows: SqlValue[][] }
  | { readonly id: number; readonly error: { message: string; code?: unknown; errcode?: unknown } };

/**
 * Queries on a read-only connection in a worker thread, so that a long list or search never stops the event loop. The
 * thread starts with the first query and keeps the process alive only while it owes an answer.
 */
export class Reader {
  readonly #path: string;
  readonly #driver: DriverName;
  readonly #pending = new Map<number, Pending>();
  #worker: Worker | undefined;
  #lastId = 0;
  /** Then the thread keeps the process alive until it has ended, or nobody would hear of that. */
  #isClosing = false;

  constructor(path: string, driver: DriverName) {
    this.#path = path;
    this.#driver = driver;
  }

  query(sql: string, params: SqlValue[]): Promise<SqlValue[][]> {
    return this.#ask({ sql, params });
  }

  /** Moves what it can of the WAL into the file. @returns how many pages the WAL has */
  async checkpoint(): Promise<number> {
    const rows = await this.#ask({
      sql: "PRAGMA wal_checkpoint(PASSIVE)",
      params: [],
      write: true,
    });
    return rows[0]![1] as number;
  }

  #ask(request: { sql: string; params: SqlValue[]; write?: boolean }): Promise<SqlValue[][]> {
    const worker = (this.#worker ??= this.#start());
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      // Throws when a value cannot be sent; then nobody waits for an answer.
      worker.postMessage({ id, ...request });
      if (this.#pending.size === 0) worker.ref();
      this.#pending.set(id, { resolve, reject });
    });
  }

  /** Ends the thread after the queries that are under way. */
  async close(): Promise<void> {
    const worker = this.#worker;
    if (worker === undefined) return;
    this.#isClosing = true;
    worker.ref();
    const exited = new Promise((resolve) => worker.once("exit", resolve));
    worker.postMessage(null);
    await exited;
  }

  #start(): Worker {
    // No flags of the parent: its loaders and inspectors are nothing to this thread.
    const worker = new Worker(new URL("./reader-thread.js", import.meta.url), {
      workerData: { path: this.#path, driver: this.#driver },
      execArgv: [],
    });
    worker.on("message", (answer: Answer) => this.#settle(answer));
    worker.on("error", (error) => this.#fail(worker, error));
    worker.on("exit", () => this.#fail(worker, new LonghaulError("STORE_CLOSED")));
    return worker;
  }

  #settle(answer: Answer): void {
    const pending = this.#pending.get(answer.id);
    this.#pending.delete(answer.id);
    if (this.#pending.size === 0 && !this.#isClosing) this.#worker?.unref();
    if ("rows" in answer) {
      pending?.resolve(answer.rows);
    } else {
      const { message, ...codes } = answer.error;
      pending?.reject(toStoreError(Object.assign(new Error(message), codes), this.#path));
    }
  }

  /** The thread is gone: whoever waits hears of it, and the next query starts another. */
  #fail(worker: Worker, error: unknown): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
  }
}
