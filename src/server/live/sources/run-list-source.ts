import type { RunFilter } from "../../../runs/store/run-list.ts";
import type { RunRecord } from "../../../runs/store/run-store.ts";
import { listByFilter, matchingIds } from "../../../runs/store/sqlite/run-list.ts";
import type { RunNews } from "../../../runs/store/sqlite/run-news.ts";
import { StoreWatch } from "../../../runs/store/sqlite/watch.ts";
import { Patch } from "../patch.ts";
import { Pump } from "../pump.ts";
import type { Subscription } from "../subscription.ts";
import { liveRun, signatureOf } from "./run-messages.ts";
import { Audience } from "./audience.ts";
import type { Source, SourceHost } from "./source.ts";

const SNAPSHOT_RUNS = 50;
/** What is looked at after another process's commit; more changes at once than these make a new snapshot. */
const MOST_CHANGES = 200;
/** How many runs it remembers, to tell changes from what it has said already. */
const MAX_SEEN = 1_000;
/** Lists change often, and reading them is not free. */
const GAP_MS = 50;

/**
 * The runs of a function, a tag or a batch: those that are new, and those that change. There is nothing to go on from
 * after a disconnection, because a snapshot of the newest costs little: everybody begins with one.
 */
export class RunListSource implements Source {
  readonly #host: SourceHost;
  readonly #filter: RunFilter;
  readonly #pump: Pump;
  readonly #unwatch: () => void;
  readonly #audience = new Audience();
  /** What was told of which run, the oldest first. */
  readonly #seen = new Map<string, string>();
  #changed: Set<string> | undefined = new Set();

  constructor(host: SourceHost, filter: RunFilter) {
    this.#host = host;
    this.#filter = filter;
    this.#pump = new Pump(
      () => this.#round(),
      (error) => host.failed(this.#audience.all, error),
      GAP_MS,
    );
    this.#unwatch = StoreWatch.of(host.parts.store).onChanges((changed) => {
      if (changed === undefined) this.#changed = undefined;
      else for (const id of changed) if (!/[#/]/.test(id)) this.#changed?.add(id);
      if (this.#changed === undefined || this.#changed.size > 0) this.#pump.wake();
    });
  }

  join(subscription: Subscription): void {
    this.#audience.join(subscription);
    this.#pump.wake();
  }

  leave(subscription: Subscription): boolean {
    if (!this.#audience.leave(subscription)) return false;
    this.#pump.close();
    this.#unwatch();
    return true;
  }

  async #round(): Promise<void> {
    const changed = this.#changed;
    this.#changed = new Set();
    if (this.#audience.isTold) await this.#tell(changed);
    if (this.#audience.isWaiting) await this.#welcome();
  }

  async #welcome(): Promise<void> {
    const joining = this.#audience.takeWaiting();
    const { parts, redact } = this.#host;
    const params = { ...this.#filter, limit: SNAPSHOT_RUNS };
    const news = (await listByFilter(parts.store, params)).map(toNews);
    for (const run of news) this.#isNew(run);
    const [{ topic } = { topic: "" }] = joining;
    const runs = news.map((run) => liveRun(run, redact));
    const patch = Patch.exact("snapshot", { topic, runs });
    for (const subscription of joining)
      if (this.#audience.all.has(subscription)) subscription.snapshot(patch, []);
  }

  async #tell(changed: ReadonlySet<string> | undefined): Promise<void> {
    const found = await this.#read(changed);
    if (found === undefined) {
      this.#audience.restart();
      return;
    }
    for (const run of found.map(toNews)) {
      if (!this.#isNew(run)) continue;
      const [{ topic } = { topic: "" }] = this.#audience.all;
      const patch = Patch.exact("run.updated", { topic, run: liveRun(run, this.#host.redact) });
      for (const subscription of this.#audience.all) subscription.offer(patch);
    }
  }

  /** The runs that may have changed; undefined if there are too many. */
  async #read(changed: ReadonlySet<string> | undefined): Promise<readonly RunRecord[] | undefined> {
    const { store } = this.#host.parts;
    if (changed !== undefined)
      return changed.size > MOST_CHANGES
        ? undefined
        : matchingIds(store, [...changed], this.#filter);
    const newest = await listByFilter(store, { ...this.#filter, limit: MOST_CHANGES });
    if (newest.length === MOST_CHANGES && newest.every(({ id }) => !this.#seen.has(id)))
      return undefined;
    const listed = new Set(newest.map(({ id }) => id));
    const older = [...this.#seen.keys()].filter((id) => !listed.has(id));
    return [...(await matchingIds(store, older, {})), ...newest.toReversed()];
  }

  /** Whether a run is not as it was told. */
  #isNew(run: RunNews): boolean {
    const signature = signatureOf(run);
    if (this.#seen.get(run.id) === signature) return false;
    this.#seen.delete(run.id);
    this.#seen.set(run.id, signature);
    for (const id of this.#seen.keys()) {
      if (this.#seen.size <= MAX_SEEN) break;
      this.#seen.delete(id);
    }
    return true;
  }
}

const toNews = ({ details, ...run }: RunRecord): RunNews => ({
  id: run.id,
  functionId: run.functionId,
  state: run.state,
  attempt: run.attempt,
  createdAt: run.createdAt,
  queuedAt: run.queuedAt,
  startedAt: run.startedAt,
  finishedAt: run.finishedAt,
  dueAt: run.dueAt,
  tags: details?.tags ?? [],
  metadata: details?.metadata,
  output: run.output,
  error: run.error,
  lastEntry: 0,
  lastLog: 0,
});
