import { LonghaulError } from "../core/errors.ts";
import type { SqliteStore } from "../storage/sqlite/store.ts";
import { queueReader, type QueueReader } from "./reader.ts";
import { recoverJobsOf } from "./process/stalled.ts";
import { QueueTransaction } from "./transaction.ts";
import { Waiters } from "./process/wait.ts";

const DELETE_CLIENTS = "DELETE FROM client WHERE owner = ?";
const QUEUES_OF = `SELECT DISTINCT queue.prefix || ':' || queue.name
  FROM active JOIN queue ON queue.id = active.queue WHERE active.owner = ?`;

const engines = new WeakMap<SqliteStore, QueueEngine>();

/** A worker of this process, as far as the taking over of jobs goes. */
export interface ServedQueue {
  /** `<prefix>:<name>` of its queue. */
  readonly key: string;
  readonly maxStalledCount: number;
}

/** What all queues of one store share in this process: the transaction, the readers, and who waits for what. */
export class QueueEngine {
  readonly store: SqliteStore;
  readonly transaction: QueueTransaction;
  readonly reader: QueueReader;
  readonly waiters: Waiters;
  readonly #served = new Set<ServedQueue>();
  /** Dead processes that may have left jobs for a worker that comes later. */
  #lost: readonly number[] = [];
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
    store.attach(this.transaction);
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
   * and what they were working on when they died is taken over by the workers of its queue.
   * @param served the queue, if it is a worker that waits
   * @returns a function that ends it
   */
  watch(served?: ServedQueue): () => void {
    if (served) this.#served.add(served);
    if (this.#watchers++ === 0) {
      const unsignal = this.store.onForeignCommit(() => this.waiters.notifyAll());
      const unlost = this.store.onOwnersLost((owners) => void this.#takeOver(owners));
      this.#unwatch = () => {
        unsignal();
        unlost();
        this.#lost = [];
      };
    } else if (served && this.#lost.length > 0) {
      void this.#takeOver(this.#lost);
    }
    let isWatching = true;
    return () => {
      if (!isWatching) return;
      isWatching = false;
      if (served) this.#served.delete(served);
      if (--this.#watchers === 0) this.#unwatch();
    };
  }

  /**
   * Takes over what dead processes left to queues with a worker here. The store goes on reporting those that were not
   * forgotten, so what fails now, or is left for the workers of another process, comes up again.
   */
  async #takeOver(owners: readonly number[]): Promise<void> {
    this.#lost = owners;
    const concerned = owners.filter((owner) => this.#concerns(owner));
    if (concerned.length === 0) return;
    try {
      const settled = await this.write("take-over", (tx) =>
        concerned.filter((owner) => {
          tx.sql(DELETE_CLIENTS).run(owner);
          return recoverJobsOf(tx, owner, (key) => this.#maxStalledCount(key));
        }),
      );
      if (settled.length > 0) await this.store.forgetOwners(settled);
    } catch (error) {
      if (!(error instanceof LonghaulError)) throw error;
    }
  }

  /** Whether there is something to do for a dead process here: one of its jobs is ours to take, or it left none. */
  #concerns(owner: number): boolean {
    const keys = this.reader.sql(QUEUES_OF).all(owner);
    return (
      keys.length === 0 || keys.some(([key]) => this.#maxStalledCount(key as string) !== undefined)
    );
  }

  #maxStalledCount(queueKey: string): number | undefined {
    for (const { key, maxStalledCount } of this.#served)
      if (key === queueKey) return maxStalledCount;
    return undefined;
  }
}
