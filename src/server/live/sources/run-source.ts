import {
  readEntriesAfter,
  readLastEntries,
  readLastLogs,
  readLogsAfter,
  readRunNews,
  type RunNews,
} from "../../../runs/store/sqlite/run-news.ts";
import { StoreWatch } from "../../../runs/store/sqlite/watch.ts";
import { type Cursor, Patch } from "../patch.ts";
import { Pump } from "../pump.ts";
import type { Subscription } from "../subscription.ts";
import type { TopicName } from "../topic-name.ts";
import { liveLogEntry, liveRun, liveStep, signatureOf } from "./run-messages.ts";
import type { Source, SourceHost } from "./source.ts";

/** Parts of a run's cursor: which state of it, up to which step, up to which log entry. */
const RUN = 0;
const STEPS = 1;
const LOGS = 2;
/** Stands for a run that is not there. */
const NONE = "-";

const SNAPSHOT_STEPS = 500;
const SNAPSHOT_LOGS = 100;
/** After another process's commit all runs that are followed are looked at. */
const GAP_MS = 20;

/** All runs that somebody follows. */
export class RunSource implements Source {
  readonly #host: SourceHost;
  readonly #pump: Pump;
  readonly #unwatch: () => void;
  readonly #runs = new Map<string, Set<Subscription>>();
  readonly #members = new Map<Subscription, string>();
  readonly #joining = new Map<Subscription, string>();
  /** The states that were told last. */
  readonly #states = new Map<string, string>();
  /** Runs that may have changed. */
  #changed = new Set<string>();

  constructor(host: SourceHost) {
    this.#host = host;
    this.#pump = new Pump(
      () => this.#round(),
      (error) => host.failed(this.#members.keys(), error),
      GAP_MS,
    );
    this.#unwatch = StoreWatch.of(host.parts.store).onChanges((changed) => {
      for (const id of changed ?? this.#runs.keys())
        this.#note(id.endsWith("#") ? id.slice(0, -1) : id);
    });
  }

  join(subscription: Subscription, topic: TopicName): void {
    const { runId } = topic as TopicName & { readonly kind: "run" };
    this.#members.set(subscription, runId);
    const others = this.#runs.get(runId);
    if (others) others.add(subscription);
    else this.#runs.set(runId, new Set([subscription]));
    const { cursor } = subscription;
    if (cursor === undefined) this.#joining.set(subscription, runId);
    else if (!isCursor(cursor)) this.#restart(subscription, runId, "trimmed");
    this.#note(runId);
    this.#pump.wake();
  }

  leave(subscription: Subscription): boolean {
    this.#joining.delete(subscription);
    const runId = this.#members.get(subscription)!;
    this.#members.delete(subscription);
    const others = this.#runs.get(runId);
    others?.delete(subscription);
    if (others?.size === 0) {
      this.#runs.delete(runId);
      this.#states.delete(runId);
    }
    if (this.#runs.size > 0) return false;
    this.#pump.close();
    this.#unwatch();
    return true;
  }

  #note(runId: string): void {
    if (!this.#runs.has(runId)) return;
    this.#changed.add(runId);
    this.#pump.wake();
  }

  #restart(subscription: Subscription, runId: string, reason?: "trimmed"): void {
    subscription.restart(reason);
    this.#joining.set(subscription, runId);
    this.#note(runId);
  }

  async #round(): Promise<void> {
    const changed = [...this.#changed].filter((runId) => this.#runs.has(runId));
    this.#changed = new Set();
    const joining = [...this.#joining];
    this.#joining.clear();
    if (changed.length === 0) return;
    const { store } = this.#host.parts;
    const news = await readRunNews(store, changed);
    for (const runId of changed) this.#checkThere(runId, news.get(runId));
    for (const runId of new Set(joining.map(([, runId]) => runId)))
      await this.#welcome(
        runId,
        news.get(runId),
        joining.flatMap(([subscription, id]) => (id === runId ? [subscription] : [])),
      );
    await this.#tellSteps(news);
    for (const run of news.values()) {
      await this.#tellLogs(run);
      this.#tellRun(run);
    }
  }

  async #welcome(
    runId: string,
    run: RunNews | undefined,
    joining: readonly Subscription[],
  ): Promise<void> {
    const { parts, redact } = this.#host;
    const entries = run ? await readLastEntries(parts.store, runId, SNAPSHOT_STEPS) : [];
    const logs = run ? await readLastLogs(parts.store, runId, SNAPSHOT_LOGS) : [];
    // The last word on each step, in the order of the last words.
    const steps = new Map<string, (typeof entries)[number]["entry"]>();
    for (const { entry } of entries) {
      steps.delete(entry.key);
      steps.set(entry.key, entry);
    }
    const cursor: Cursor = [
      run ? signatureOf(run) : NONE,
      entries.at(-1)?.number ?? 0,
      logs.at(-1)?.seq ?? 0,
    ];
    const [{ topic } = { topic: "" }] = joining;
    const patch = Patch.exact("snapshot", {
      topic,
      run: run ? liveRun(run, redact) : null,
      steps: [...steps.values()].map((entry) => liveStep(entry, redact)),
      logs: logs.map((log) => liveLogEntry(log, redact)),
    });
    const followers = this.#runs.get(runId);
    for (const subscription of joining)
      if (followers?.has(subscription)) subscription.snapshot(patch, cursor);
  }

  /** Whoever knew a run that is no longer there, or more of it than there is, or none where there is one, begins anew. */
  #checkThere(runId: string, run: RunNews | undefined): void {
    for (const subscription of this.#runs.get(runId) ?? []) {
      const { cursor, isPaused } = subscription;
      if (cursor === undefined || isPaused) continue;
      const isKnown = cursor[RUN] !== NONE;
      if (run === undefined ? isKnown : !isKnown) this.#restart(subscription, runId);
      else if (run && isBeyond(cursor, run)) this.#restart(subscription, runId, "trimmed");
    }
  }

  async #tellSteps(news: ReadonlyMap<string, RunNews>): Promise<void> {
    for (;;) {
      const after = [...news.values()].flatMap(({ id, lastEntry }) => {
        const least = this.#least(id, STEPS);
        return least !== undefined && least < lastEntry ? [[id, least] as const] : [];
      });
      if (after.length === 0) return;
      const { entries, isFull } = await readEntriesAfter(this.#host.parts.store, after);
      for (const { runId, number, entry } of entries) {
        const step = liveStep(entry, this.#host.redact);
        const place = { part: STEPS, at: number };
        this.#offer(runId, (topic) => Patch.exact("step.updated", { topic, step }, place));
      }
      if (!isFull) return;
    }
  }

  async #tellLogs({ id, lastLog }: RunNews): Promise<void> {
    for (;;) {
      const least = this.#least(id, LOGS);
      if (least === undefined || least >= lastLog) return;
      const { logs, isFull } = await readLogsAfter(this.#host.parts.store, id, least);
      for (const log of logs) {
        const entry = liveLogEntry(log, this.#host.redact);
        const place = { part: LOGS, at: log.seq };
        this.#offer(id, (topic) => Patch.exact("log", { topic, entry }, place));
      }
      if (!isFull) return;
    }
  }

  #tellRun(run: RunNews): void {
    const at = signatureOf(run);
    const subscriptions = [...(this.#runs.get(run.id) ?? [])];
    if (!subscriptions.some(({ cursor }) => cursor !== undefined && cursor[RUN] !== at)) return;
    const live = liveRun(run, this.#host.redact);
    const place = { part: RUN, at };
    // Metadata may say how far it is, many times a second.
    const isSameState = this.#states.get(run.id) === run.state;
    this.#states.set(run.id, run.state);
    this.#offer(run.id, (topic) => {
      const data = { topic, run: live };
      return isSameState
        ? Patch.latest("run.updated", data, "run", place)
        : Patch.exact("run.updated", data, place);
    });
  }

  #offer(runId: string, make: (topic: string) => Patch): void {
    const subscriptions = this.#runs.get(runId);
    const [{ topic } = { topic: "" }] = subscriptions ?? [];
    const patch = make(topic);
    for (const subscription of subscriptions ?? []) subscription.offer(patch);
  }

  /** Where the one stands that is furthest behind. */
  #least(runId: string, part: number): number | undefined {
    let least: number | undefined;
    for (const { cursor, isPaused } of this.#runs.get(runId) ?? []) {
      if (cursor === undefined || isPaused) continue;
      const at = cursor[part] as number;
      if (least === undefined || at < least) least = at;
    }
    return least;
  }
}

/** Whether it points to more than there is: of another run that had the same id. */
const isBeyond = (cursor: Cursor, { lastEntry, lastLog }: RunNews): boolean =>
  (cursor[STEPS] as number) > lastEntry || (cursor[LOGS] as number) > lastLog;

const isCursor = (cursor: Cursor): boolean =>
  cursor.length === 3 &&
  typeof cursor[RUN] === "string" &&
  Number.isSafeInteger(cursor[STEPS]) &&
  Number.isSafeInteger(cursor[LOGS]);
