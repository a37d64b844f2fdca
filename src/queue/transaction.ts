import type { Clock } from "../core/clock.ts";
import type { Connection, Statement } from "../storage/sqlite/connection.ts";
import type { Participant, SqliteStore } from "../storage/sqlite/store.ts";
import { DeferredRows } from "./deferred-rows.ts";
import { QueueState } from "./queue-state.ts";

/** A queue by name. `key` is `<prefix>:<name>`, kept so that it is not built on every operation. */
export interface QueueRef {
  readonly prefix: string;
  readonly name: string;
  readonly key: string;
}

/** Makes a {@link QueueRef}. */
export const queueRef = (prefix: string, name: string): QueueRef => ({
  prefix,
  name,
  key: `${prefix}:${name}`,
});

const INSERT_QUEUE = "INSERT INTO queue (prefix, name) VALUES (?, ?) ON CONFLICT DO NOTHING";
const QUEUE_BY_ID = "SELECT prefix, name FROM queue WHERE id = ?";

/**
 * What an operation on queues works with: SQL, the time, and the queues' counters. One per store; the store tells it
 * when its memory is out of date. All of it runs inside `store.write`, synchronously. One more is made for each
 * transaction of a caller's that jobs are added in: it begins without memory, and is thrown away.
 */
export class QueueTransaction implements Participant {
  readonly connection: Connection;
  /** The id of this process, which owns the jobs it claims. */
  readonly owner: number;
  /** Rows of plain jobs that are written together, before any statement got from {@link sql} runs. */
  readonly rows: DeferredRows;
  /** Called after each commit with the queues it touched. */
  onCommit: (queues: ReadonlySet<QueueState>) => void = () => {};

  readonly #states = new Map<string, QueueState>();
  readonly #touched = new Set<QueueState>();
  readonly #clock: Clock;
  #now: number | undefined;

  constructor(store: Pick<SqliteStore, "clock" | "connection" | "owner">) {
    this.#clock = store.clock;
    this.connection = store.connection;
    this.owner = store.owner;
    this.rows = new DeferredRows(store.connection);
  }

  /** The time of the transaction. */
  get now(): number {
    return (this.#now ??= this.#clock.now());
  }

  /** A prepared statement, to be run at once; prepared once per text. */
  sql(text: string): Statement {
    if (this.rows.pending) this.rows.write();
    return this.connection.sql(text);
  }

  /** The queue to change in any way; its row is made on first use. */
  queue(ref: QueueRef): QueueState {
    const queue = this.queueAtWork(ref);
    queue.line.forget();
    return queue;
  }

  /** The queue to add, claim or finish jobs in, or to change active ones: the waiting line stays as remembered. */
  queueAtWork(ref: QueueRef): QueueState {
    let state = this.#states.get(ref.key);
    if (state === undefined) {
      this.sql(INSERT_QUEUE).run(ref.prefix, ref.name);
      state = QueueState.load(this, ref.prefix, ref.name)!;
      this.#states.set(ref.key, state);
    }
    this.#touched.add(state);
    return state;
  }

  /** The queue that a row points to. */
  queueById(id: number): QueueState {
    const [prefix, name] = this.sql(QUEUE_BY_ID).get(id) as [string, string];
    return this.queue(queueRef(prefix, name));
  }

  /** The queue named `<prefix>:<name>`, if anything was ever stored in it. Queue names have no colon; prefixes may. */
  queueByKey(key: string): QueueState | undefined {
    const known = this.#states.get(key);
    if (known) return this.queue(known);
    const colon = key.lastIndexOf(":");
    const ref = queueRef(key.slice(0, colon), key.slice(colon + 1));
    return QueueState.load(this, ref.prefix, ref.name) && this.queue(ref);
  }

  /** Leaves a queue's memory behind, after its rows were deleted. */
  forget(queue: QueueState): void {
    this.#states.delete(queue.key);
    this.#touched.delete(queue);
  }

  /** A queue as of now, for a look outside of transactions: nothing is created. */
  peek(ref: QueueRef): QueueState | undefined {
    return this.#states.get(ref.key) ?? QueueState.load(this, ref.prefix, ref.name);
  }

  stale(): void {
    this.#states.clear();
    this.#touched.clear();
    this.rows.forget();
    this.#now = undefined;
  }

  flush(): void {
    this.#now = undefined;
    if (this.rows.pending) this.rows.write();
    for (const queue of this.#touched) queue.flush(this.connection);
  }

  committed(): void {
    if (this.#touched.size === 0) return;
    this.onCommit(this.#touched);
    this.#touched.clear();
  }

  rolledBack(): void {
    this.stale();
  }
}
