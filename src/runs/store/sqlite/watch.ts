import { LonghaulError } from "../../../core/errors.ts";
import type { SqliteStore } from "../../../storage/sqlite/store.ts";
import type { FinalRunState } from "../../types.ts";
import type { HeldNews, Work } from "../run-store.ts";
import { holdsLeases, loseLeasesOf } from "./advance.ts";
import { EndWaiters } from "./end-waiters.ts";
import { Listeners } from "./listeners.ts";
import { type CommitNews, RunTransaction } from "./transaction.ts";

const watches = new WeakMap<SqliteStore, StoreWatch>();

/**
 * What all run stores on one SQLite store share in this process: the transaction with its memory, and who listens for
 * what. While somebody listens, there is an eye on other processes: on their commits, and on their deaths.
 */
export class StoreWatch {
  readonly store: SqliteStore;
  readonly tx: RunTransaction;
  readonly #work = new Listeners<[work?: Work]>();
  readonly #heldNews = new Listeners<[news: readonly HeldNews[]]>();
  readonly #endWaiters = new EndWaiters();
  readonly #ends = new Listeners<[runIds: Iterable<string>]>();
  readonly #changes = new Listeners<[changed?: ReadonlySet<string>]>();
  #unwatch: (() => void) | undefined;

  /** The watch of a store; made on first use. */
  static of(store: SqliteStore): StoreWatch {
    let watch = watches.get(store);
    if (!watch) watches.set(store, (watch = new StoreWatch(store)));
    return watch;
  }

  private constructor(store: SqliteStore) {
    this.store = store;
    this.tx = new RunTransaction(store.connection, store.owner);
    this.tx.onCommit = (news) => this.#committed(news);
    store.attach(this.tx);
  }

  onWork(listener: (work?: Work) => void): () => void {
    return this.#watching(this.#work.add(listener));
  }

  onHeldNews(listener: (news: readonly HeldNews[]) => void): () => void {
    return this.#watching(this.#heldNews.add(listener));
  }

  /** Calls back with the ids of runs that ended here. */
  onEnds(listener: (runIds: Iterable<string>) => void): () => void {
    return this.#ends.add(listener);
  }

  /** Calls back with what has changed; after another process's commit, without. */
  onChanges(listener: (changed?: ReadonlySet<string>) => void): () => void {
    const remove = this.#changes.add(listener);
    this.tx.watched ??= new Set();
    return this.#watching(() => {
      remove();
      if (this.#changes.size === 0) this.tx.watched = undefined;
    });
  }

  /** Calls back once the run has ended. */
  onEnd(runId: string, listener: (state: FinalRunState) => void): () => void {
    const stop = this.#watching(
      this.#endWaiters.add(runId, (state) => {
        stop();
        listener(state);
      }),
    );
    this.#endWaiters.check(this.tx, [runId]);
    return stop;
  }

  #watching(remove: () => void): () => void {
    this.#watch();
    return () => {
      remove();
      this.#watch();
    };
  }

  #watch(): void {
    const listeners = [this.#work, this.#heldNews, this.#endWaiters, this.#changes];
    const isNeeded = listeners.some(({ size }) => size > 0);
    if (isNeeded === (this.#unwatch !== undefined)) return;
    if (!isNeeded) {
      this.#unwatch!();
      this.#unwatch = undefined;
      return;
    }
    const unsignal = this.store.onForeignCommit(() => this.#foreignCommit());
    const unlost = this.store.onOwnersLost((owners) => void this.#takeOver(owners));
    this.#unwatch = () => {
      unsignal();
      unlost();
    };
  }

  #committed({ ready, due, ended, held, changed }: CommitNews): void {
    if (held.length > 0) this.#heldNews.call(held);
    if (ended.size > 0) {
      this.#endWaiters.ended(ended);
      this.#ends.call(ended.keys());
    }
    if (changed.size > 0) this.#changes.call(changed);
    if (ready || due < Infinity) this.#work.call({ claimable: ready, dueAt: due });
  }

  #foreignCommit(): void {
    const news = this.tx.heldRuns.check(this.tx);
    if (news.length > 0) this.#heldNews.call(news);
    this.#endWaiters.check(this.tx);
    this.#changes.call();
    this.#work.call();
  }

  /** Gives back what dead processes held. Whoever still holds jobs of them keeps them in the table of processes. */
  async #takeOver(owners: readonly number[]): Promise<void> {
    try {
      if (owners.some((owner) => holdsLeases(this.tx, owner)))
        await this.store.write("run:take-over", () => {
          for (const owner of owners) loseLeasesOf(this.tx, owner);
        });
      await this.store.forgetOwners(owners);
    } catch (error) {
      // The store goes on reporting those that were not forgotten.
      if (!(error instanceof LonghaulError)) throw error;
    }
  }
}
