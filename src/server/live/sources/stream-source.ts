import { isFinal, State } from "../../../runs/store/sqlite/codes.ts";
import { readRunNews } from "../../../runs/store/sqlite/run-news.ts";
import { streamId } from "../../../runs/store/sqlite/streams.ts";
import { StoreWatch } from "../../../runs/store/sqlite/watch.ts";
import { plainText } from "../../routes/runs/plain-value.ts";
import { type Cursor, Patch } from "../patch.ts";
import { Pump } from "../pump.ts";
import type { Subscription } from "../subscription.ts";
import type { Source, SourceHost } from "./source.ts";

/** Parts of a stream's cursor: the last chunk, and whether it was told that nothing more will come. */
const CHUNKS = 0;
const END = 1;
const OPEN: Cursor = [-1, "open"];

const PAGE = 500;

/** One stream of a run. */
export class StreamSource implements Source {
  readonly #host: SourceHost;
  readonly #runId: string;
  readonly #stream: string;
  readonly #pump: Pump;
  readonly #unwatch: () => void;
  readonly #subscriptions = new Set<Subscription>();

  constructor(host: SourceHost, runId: string, stream: string) {
    this.#host = host;
    this.#runId = runId;
    this.#stream = stream;
    this.#pump = new Pump(
      () => this.#round(),
      (error) => host.failed(this.#subscriptions, error),
    );
    const id = streamId(runId, stream);
    this.#unwatch = StoreWatch.of(host.parts.store).onChanges((changed) => {
      if (changed === undefined || changed.has(id) || changed.has(runId)) this.#pump.wake();
    });
  }

  join(subscription: Subscription): void {
    const { cursor, topic } = subscription;
    this.#subscriptions.add(subscription);
    const isCursor = cursor?.length === 2 && Number.isSafeInteger(cursor[CHUNKS]);
    if (!isCursor) {
      if (cursor !== undefined) subscription.restart("trimmed");
      subscription.snapshot(Patch.exact("snapshot", { topic }), OPEN);
    }
    this.#pump.wake();
  }

  leave(subscription: Subscription): boolean {
    this.#subscriptions.delete(subscription);
    if (this.#subscriptions.size > 0) return false;
    this.#pump.close();
    this.#unwatch();
    return true;
  }

  async #round(): Promise<void> {
    const { parts, redact } = this.#host;
    // Before its chunks are read: what it says last must not be missed.
    const run = (await readRunNews(parts.store, [this.#runId])).get(this.#runId);
    const [{ topic } = { topic: "" }] = this.#subscriptions;
    for (;;) {
      const least = this.#least();
      if (least === undefined) return;
      const from = least + 1;
      const page = await parts.runs.stores.streams.read({
        ...{ runId: this.#runId, stream: this.#stream, from, limit: PAGE },
      });
      page.chunks.forEach((text, offset) => {
        const index = from + offset;
        const data = { topic, index, chunk: redact(plainText(text)) };
        this.#offer(Patch.exact("chunk", data, { part: CHUNKS, at: index }));
      });
      if (page.chunks.length === PAGE) continue;
      const isOver = page.isClosed || (run !== undefined && isFinal(State[run.state]));
      if (isOver) this.#offer(Patch.exact("done", { topic }, { part: END, at: "done" }));
      return;
    }
  }

  #offer(patch: Patch): void {
    for (const subscription of this.#subscriptions) subscription.offer(patch);
  }

  /** The last chunk of the one who is furthest behind. */
  #least(): number | undefined {
    const known = [...this.#subscriptions]
      .filter(({ cursor, isPaused }) => cursor !== undefined && !isPaused)
      .map(({ cursor }) => cursor![CHUNKS] as number);
    return known.length === 0 ? undefined : Math.min(...known);
  }
}
