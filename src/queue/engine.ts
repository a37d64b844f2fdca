import type { SqliteStore } from "../storage/sqlite/store.ts";
import { queueReader, type QueueReader } from "./reader.ts";
import { recoverJobsOf } from "./process/stalled.ts";
import { QueueTransaction } from "./transaction.ts";
import { Waiters } from "./process/wait.ts";

const engines = new WeakMap<SqliteStore, QueueEngine>();

/** What all queues of one store share in this process: the transaction, the readers, and who waits for what. */
export class QueueEngine {
  readonly store: SqliteStore;
  readonly transaction: QueueTransaction;
  readonly reader: QueueReader;
  readonly waiters: Waiters;
  #watchers = 0;
  #unwatch: () => void = () => {};

  /** The engine of a store; made on first use. */
  static of(store: SqliteStore): QueueEngine {
    let engine = engines.get(store);
    if (!engine) engines.set(store, (engine = new QueueEngine(store)));
    return engine;
  }

  private constructor(store: SqliteStore) {
    this.store = store;
    this.transaction = new QueueTransaction(store);
    this.reader = queueReader(store);
    this.waiters = new Waiters(this.transaction, store.clock);
    this.transaction.onCommit = (queues) => this.waiters.notify(queues);
  }

  /** Runs an operation in the next transaction; resolves once it is committed. */
  write<T>(label: string, operation: (tx: QueueTransaction) => T): Promise<T> {
    const { transaction } = this;
    return this.store.write(label, () => operation(transaction));
  }

  /**
   * Keeps an eye on other processes, for as long as somebody here waits for jobs or events: their commits wake us,
   * and what they leave behind when they die is taken over. @returns a function that ends it
   */
  watch(): () => void {
    if (this.#watchers++ === 0) {
      const unsignal = this.store.onForeignCommit(() => this.waiters.notifyAll());
      const unlost = this.store.onOwnersLost((owners) => void this.#takeOver(owners));
      this.#unwatch = () => {
        unsignal();
        unlost();
      };
    }
    let isWatching = true;
    return () => {
      if (!isWatching) return;
      isWatching = false;
      if (--this.#watchers === 0) this.#unwatch();
    };
  }

  async #takeOver(owners: readonly number[]): Promise<void> {
    await this.write("take-over", (tx) => {
      recoverJobsOf(tx, owners);
      for (const owner of owners) tx.sql("DELETE FROM client WHERE owner = ?").run(owner);
      this.store.forgetOwners(owners);
    });
  }
}
