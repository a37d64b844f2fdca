import { LonghaulError } from "../../../core/errors.ts";
import { adoptConnection, runWithin } from "../../../storage/sqlite/adopted-connection.ts";
import type { SqliteStore } from "../../../storage/sqlite/store.ts";
import type { FinalRunState } from "../../types.ts";
import type { PublishedFunctions } from "../function-directory.ts";
import type {
  Appended,
  ClaimedRun,
  HeldNews,
  RunKey,
  RunOutcome,
  RunRecord,
  RunStore,
  StartOutcome,
  Work,
} from "../run-store.ts";
import { advanceDue, nextDue } from "./advance.ts";
import { cancelRun, sendSignal } from "./cancel.ts";
import { claimRuns } from "./claim.ts";
import { causeEndEffects, type EndEffects } from "./end-effects.ts";
import { isPublicationDue, publishFunctions, readPublished } from "./function-directory.ts";
import { append, extendLeases, finish, release, stillWaiting, suspend, wakeRun } from "./hold.ts";
import { ingestEvents } from "./ingest.ts";
import { getRun, listRuns, outcomeOf, runsOfEvent } from "./queries.ts";
import { Retention } from "./retention.ts";
import { nextTick, type OwnSchedule, setSchedules, tick } from "./schedules.ts";
import { SqliteRunStores, type StoresHost } from "./sqlite-run-stores.ts";
import { RunTransaction } from "./transaction.ts";
import { StoreWatch } from "./watch.ts";

/** The owner of nothing. */
const NOBODY = -1;

const ANY_READY = "SELECT 1 FROM run_ready LIMIT 1";

type Params<M extends Exclude<keyof RunStore, "stores">> = Parameters<RunStore[M]>[0] & object;

/** Runs in SQLite. Several may share one {@link SqliteStore}, and several processes one file. */
export class SqliteRunStore implements RunStore {
  readonly #store: SqliteStore;
  readonly #tx: RunTransaction;
  readonly #watch: StoreWatch;
  readonly #retention = new Retention();
  readonly #closed = new AbortController();
  readonly stores: SqliteRunStores;
  /** What has to be undone at the close. */
  readonly #cleanups = new Set<() => void>();
  #endEffects: EndEffects = () => undefined;
  #schedules: readonly OwnSchedule[] = [];
  #isClosed = false;

  /** @param store stays the caller's to close */
  constructor(store: SqliteStore) {
    this.#store = store;
    this.#watch = StoreWatch.of(store);
    this.#tx = this.#watch.tx;
    this.stores = new SqliteRunStores(this.#storesHost());
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
    if (!params.isExpected && this.#tx.sql(ANY_READY).get() === undefined) return [];
    return this.#write("run:claim", (tx) => claimRuns(tx, params));
  }

  append(params: Params<"append">): Promise<Appended> {
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
    return Math.min(
      nextDue(this.#tx),
      this.stores.nextTick(this.#tx),
      ...this.#schedules.map((own) => nextTick(this.#tx, own)),
    );
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

  async publish(params: Params<"publish">): Promise<void> {
    this.#requireOpen();
    // Most starts of a process bring nothing new.
    if (!isPublicationDue(this.#tx, params)) return;
    await this.#write("run:publish", (tx) => publishFunctions(tx, params));
  }

  published(): PublishedFunctions {
    this.#requireOpen();
    return readPublished(this.#tx);
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

  async stillWaiting(runs: Params<"stillWaiting">): Promise<readonly RunKey[]> {
    this.#requireOpen();
    return stillWaiting(this.#tx, runs);
  }

  onEnds(listener: (runIds: Iterable<string>) => void): () => void {
    return this.#untilClose(this.#watch.onEnds(listener));
  }

  async outcome(runId: string): Promise<RunOutcome | undefined> {
    this.#requireOpen();
    return outcomeOf(this.#tx, runId);
  }

  waitForEnd(runId: string, signal?: AbortSignal): Promise<FinalRunState> {
    return new Promise((resolve, reject) => {
      this.#requireOpen();
      signal?.throwIfAborted();
      let stop = (): void => {};
      const settle = (conclude: () => void) => {
        stop();
        this.#cleanups.delete(close);
        signal?.removeEventListener("abort", abort);
        conclude();
      };
      const abort = () => settle(() => reject(signal!.reason as Error));
      const close = () => settle(() => reject(new LonghaulError("STORE_CLOSED")));
      signal?.addEventListener("abort", abort);
      this.#cleanups.add(close);
      stop = this.#watch.onEnd(runId, (state) => settle(() => resolve(state)));
    });
  }

  sweep(params: Params<"sweep">): Promise<boolean> {
    return this.#write("run:sweep", (tx) => this.#retention.sweep(tx, params));
  }

  onWork(listener: (work?: Work) => void): () => void {
    return this.#untilClose(this.#watch.onWork(listener));
  }

  onHeldNews(listener: (news: readonly HeldNews[]) => void): () => void {
    return this.#untilClose(this.#watch.onHeldNews(listener));
  }

  setEndEffects(effects: EndEffects): void {
    this.#endEffects = effects;
  }

  /** Ends all listening. The {@link SqliteStore} is its opener's to close. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#closed.abort();
    for (const cleanup of [...this.#cleanups]) cleanup();
  }

  #storesHost(): StoresHost {
    const tx = (): RunTransaction => {
      this.#requireOpen();
      return this.#tx;
    };
    return {
      reader: this.#store,
      get tx() {
        return tx();
      },
      write: (label, operation) => this.#write(label, operation),
      subscribe: (listener) => this.#watch.onChanges(listener),
      closed: this.#closed.signal,
    };
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

  #untilClose(remove: () => void): () => void {
    const stop = () => {
      this.#cleanups.delete(stop);
      remove();
    };
    this.#cleanups.add(stop);
    return stop;
  }
}
