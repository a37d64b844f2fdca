import { QueueEngine } from "../../../queue/engine.ts";
import { readAllCounts } from "../../../queue/events/tail.ts";
import { readRunCounts } from "../../../runs/store/sqlite/run-news.ts";
import { StoreWatch } from "../../../runs/store/sqlite/watch.ts";
import type { StatsPatch } from "../messages.ts";
import { Patch } from "../patch.ts";
import { Pump } from "../pump.ts";
import type { Subscription } from "../subscription.ts";
import { Audience } from "./audience.ts";
import type { Source, SourceHost } from "./source.ts";

const MOST_QUEUES = 1_000;
/** Nobody reads numbers faster. */
const GAP_MS = 100;
const TOPIC = "stats";
/** BullMQ's default; queues of other prefixes have it in their name. */
const PREFIX = "bull";

/** Counters of all queues and functions. Everybody begins with a snapshot. */
export class StatsSource implements Source {
  readonly #host: SourceHost;
  readonly #pump: Pump;
  readonly #unwatch: () => void;
  readonly #audience = new Audience();
  /** What was told, by what it is about. */
  #told = new Map<string, string>();

  constructor(host: SourceHost) {
    const { store } = host.parts;
    this.#host = host;
    this.#pump = new Pump(
      () => this.#round(),
      (error) => host.failed(this.#audience.all, error),
      GAP_MS,
    );
    const wake = (): void => this.#pump.wake();
    const unlisten = QueueEngine.of(store).waiters.onChanges(undefined, wake);
    // Tells of other processes' commits too.
    const unwatch = StoreWatch.of(store).onChanges(wake);
    this.#unwatch = () => {
      unlisten();
      unwatch();
    };
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
    const { store } = this.#host.parts;
    const [counted, functions] = await Promise.all([
      readAllCounts(store, MOST_QUEUES),
      readRunCounts(store),
    ]);
    const queues = new Map(
      counted.map(({ prefix, name, counts }) => [
        prefix === PREFIX ? name : `${prefix}:${name}`,
        counts,
      ]),
    );
    for (const [queue, counts] of queues) this.#tell(`queue ${queue}`, { queue, counts });
    for (const [functionId, runs] of functions)
      this.#tell(`function ${functionId}`, { functionId, runs });
    const joining = this.#audience.takeWaiting();
    const patch = Patch.exact("snapshot", {
      topic: TOPIC,
      queues: Object.fromEntries(queues),
      functions: Object.fromEntries(functions),
    });
    for (const subscription of joining)
      if (this.#audience.all.has(subscription)) subscription.snapshot(patch, []);
  }

  #tell(key: string, data: Omit<StatsPatch, "topic">): void {
    const text = JSON.stringify(data);
    if (this.#told.get(key) === text) return;
    this.#told.set(key, text);
    const patch = Patch.latest("stats", { topic: TOPIC, ...data }, key);
    for (const subscription of this.#audience.all) subscription.offer(patch);
  }
}
