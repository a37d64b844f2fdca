import { LonghaulError } from "../../../core/errors.ts";
import { adoptConnection, runWithin } from "../../../storage/sqlite/adopted-connection.ts";
import type { SqliteStore } from "../../../storage/sqlite/store.ts";
import type { FinalRunState } from "../../types.ts";
import type {
  ClaimedRun,
  HeldNews,
  RunKey,
  RunRecord,
  RunStore,
  StartOutcome,
  Work,
} from "../run-store.ts";
import { advanceDue, holdsLeases, loseLeasesOf, nextDue } from "./advance.ts";
import { cancelRun, sendSignal } from "./cancel.ts";
import { claimRuns } from "./claim.ts";
import { causeEndEffects, type EndEffects } from "./end-effects.ts";
import { EndWaiters } from "./end-waiters.ts";
import { append, extendLeases, finish, release, suspend, wakeRun } from "./hold.ts";
import { ingestEvents } from "./ingest.ts";
import { Listeners } from "./listeners.ts";
import { getRun, listRuns, runsOfEvent } from "./queries.ts";
import { Retention } from "./retention.ts";
import { nextTick, type OwnSchedule, setSchedules, tick } from "./schedules.ts";
import { type CommitNews, RunTransaction } from "./transaction.ts";

/** The owner of nothing. */
const NOBODY = -1;

const ANY_READY = "SELECT 1 FROM run_ready LIMIT 1";

type Params<M extends keyof RunStore> = Parameters<RunStore[M]>[0] & object;

/** Runs in SQLite. Several may share one {@link SqliteStore}, and several processes one file. */
export class SqliteRunStore implements RunStore {
  readonly #store: SqliteStore;
  readonly #tx: RunTransaction;
  readonly #retention = new Retention();
  readonly #work = new Listeners<[work?: Work]>();
  readonly #heldNews = new Listeners<[news: readonly HeldNews[]]>();
  readonly #endWaiters = new EndWaiters();
  #endEffects: EndEffects = () => undefined;
  #schedules: readonly OwnSchedule[] = [];
  #unwatch: (() => void) | undefined;
  #isClosed = false;

  /** @param store stays the caller's to close */
  constructor(store: SqliteStore) {
    this.#store = store;
    this.#tx = new RunTransaction(store.connection, store.owner);
    this.#tx.onCommit = (news) => this.#committed(news);
    store.attach(this.#tx);
  }

  ingest(params: Params<"ingest">): Promise<readonly StartOutcome[]> {
    return this.#write("run:ingest", (tx) => ingestEvents(tx, params));
  }

  /**
   * Does the same in the caller's own transaction on the same file: both commit, or neither. Synchronous.
   *
   * @param handle the caller's connection: a better-sqlite3 `Database` or a node:sqlite `DatabaseSync`
   * @throws {LonghaulError} STORE_BAD_TRANSACTION, STORE_CLOSED; what SQLite says if another process holds the lock
   */
  ingestWithin(handle: unknown, params: Params<"ingest">): readonly StartOutcome[] {
    this.#requireOpen();
    const connection = adoptConnection(handle, this.#store);
    // To us this is the commit of another process, so it needs no memory, and holds nothing.
    const tx = new RunTransaction(connection, NOBODY);
    return runWithin(connection, () => {
      const outcomes = ingestEvents(tx, params);
      if (tx.endings.length > 0) causeEndEffects(tx, this.#endEffects);
      tx.flush();
      return outcomes;
    });
  }

  async claim(params: Params<"claim">): Promise<readonly ClaimedRun[]> {
    // A look costs less than a transaction, and most looks of an idle engine find nothing.
    if (this.#tx.sql(ANY_READY).get() === undefined) return [];
    return this.#write("run:claim", (tx) => claimRuns(tx, params));
  }

  append(params: Params<"append">): Promise<boolean> {
    return this.#write("run:append", (tx) => append(tx, params));
  }

  suspend(params: Params<"suspend">): Promise<boolean> {
    return this.#write("run:suspend", (tx) => suspend(tx, params));
  }

  finish(params: Params<"finish">): Promise<boolean> {
    return this.#write("run:finish", (tx) => finish(tx, params));
  }

  wake(params: Params<"wake">): Promise<boolean> {
    return this.#write("run:wake", (tx) => wakeRun(tx, params));
  }

  release(params: Params<"release">): Promise<boolean> {
    return this.#write("run:release", (tx) => release(tx, params));
  }

  extendLeases(params: Params<"extendLeases">): Promise<readonly RunKey[]> {
    return this.#write("run:extend", (tx) => extendLeases(tx, params));
  }

  async advance({ now }: Params<"advance">): Promise<number> {
    if (nextDue(this.#tx) <= now) await this.#write("run:advance", (tx) => advanceDue(tx, now));
    return Math.min(nextDue(this.#tx), ...this.#schedules.map((own) => nextTick(this.#tx, own)));
  }

  cancel(params: Params<"cancel">): Promise<boolean> {
    return this.#write("run:cancel", (tx) => cancelRun(tx, params));
  }

  signal(params: Params<"signal">): Promise<string | undefined> {
    return this.#write("run:signal", (tx) => sendSignal(tx, params));
  }

  async schedule(params: Params<"schedule">): Promise<void> {
    await this.#write("run:schedule", (tx) => setSchedules(tx, params));
    this.#schedules = params.schedules;
  }

  async dueSchedules({
    now,
  }: Params<"dueSchedules">): Promise<(OwnSchedule & { readonly at: number })[]> {
    this.#requireOpen();
    return this.#schedules
      .map(({ functionId, expression }) => ({
        functionId,
        expression,
        at: nextTick(this.#tx, { functionId, expression }),
      }))
      .filter(({ at }) => at <= now);
  }

  tick(params: Params<"tick">): Promise<boolean> {
    return this.#write("run:tick", (tx) => tick(tx, params));
  }

  getRun(runId: string): Promise<RunRecord | undefined> {
    return getRun(this.#store, runId);
  }

  listRuns(params: Params<"listRuns">): Promise<readonly RunRecord[]> {
    return listRuns(this.#store, params);
  }

  runsOfEvent(eventId: string): Promise<readonly RunRecord[]> {
    return runsOfEvent(this.#store, eventId);
  }

  waitForEnd(runId: string, signal?: AbortSignal): Promise<FinalRunState> {
    return new Promise((resolve, reject) => {
      this.#requireOpen();
      signal?.throwIfAborted();
      const abort = () => {
        giveUp();
        this.#watch();
        reject(signal!.reason as Error);
      };
      const giveUp = this.#endWaiters.add(runId, (state) => {
        signal?.removeEventListener("abort", abort);
        this.#watch();
        if (state === undefined) reject(new LonghaulError("STORE_CLOSED"));
        else resolve(state);
      });
      signal?.addEventListener("abort", abort);
      this.#watch();
      this.#endWaiters.check(this.#tx);
    });
  }

  sweep(params: Params<"sweep">): Promise<boolean> {
    return this.#write("run:sweep", (tx) => this.#retention.sweep(tx, params));
  }

  onWork(listener: (work?: Work) => void): () => void {
    return this.#listen(this.#work.add(listener));
  }

  onHeldNews(listener: (news: readonly HeldNews[]) => void): () => void {
    return this.#listen(this.#heldNews.add(listener));
  }

  setEndEffects(effects: EndEffects): void {
    this.#endEffects = effects;
  }

  /** Ends all listening. The {@link SqliteStore} is its opener's to close. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#endWaiters.close();
    this.#watch();
  }

  #write<T>(label: string, operation: (tx: RunTransaction) => T): Promise<T> {
    if (this.#isClosed) return Promise.reject(new LonghaulError("STORE_CLOSED"));
    const tx = this.#tx;
    return this.#store.write(label, () => {
      const result = operation(tx);
      if (tx.endings.length > 0) causeEndEffects(tx, this.#endEffects);
      return result;
    });
  }

  #requireOpen(): void {
    if (this.#isClosed) throw new LonghaulError("STORE_CLOSED");
  }

  #listen(remove: () => void): () => void {
    this.#watch();
    return () => {
      remove();
      this.#watch();
    };
  }

  /** Keeps an eye on other processes for as long as somebody here waits for something. */
  #watch(): void {
    const isNeeded =
      !this.#isClosed && this.#work.size + this.#heldNews.size + this.#endWaiters.size > 0;
    if (isNeeded === (this.#unwatch !== undefined)) return;
    if (isNeeded) {
      const unsignal = this.#store.onForeignCommit(() => this.#foreignCommit());
      const unlost = this.#store.onOwnersLost((owners) => void this.#takeOver(owners));
      this.#unwatch = () => {
        unsignal();
        unlost();
      };
    } else {
      this.#unwatch!();
      this.#unwatch = undefined;
    }
  }

  #committed({ ready, due, ended, held }: CommitNews): void {
    if (held.length > 0) this.#heldNews.call(held);
    if (ended.size > 0) this.#endWaiters.ended(ended);
    if (ready || due < Infinity) this.#work.call({ claimable: ready, dueAt: due });
  }

  #foreignCommit(): void {
    const news = this.#tx.heldRuns.check(this.#tx);
    if (news.length > 0) this.#heldNews.call(news);
    this.#endWaiters.check(this.#tx);
    this.#work.call();
  }

  /** Gives back what dead processes held. Whoever holds something else of them keeps them in the table of processes. */
  async #takeOver(owners: readonly number[]): Promise<void> {
    try {
      if (owners.some((owner) => holdsLeases(this.#tx, owner)))
        await this.#write("run:take-over", (tx) => {
          for (const owner of owners) loseLeasesOf(tx, owner);
        });
      await this.#store.forgetOwners(owners);
    } catch (error) {
      // The store goes on reporting those that were not forgotten.
      if (!(error instanceof LonghaulError)) throw error;
    }
  }
}
