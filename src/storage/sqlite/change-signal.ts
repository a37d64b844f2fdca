import { realClearInterval, realSetImmediate, realSetInterval } from "../../core/real-timers.ts";
import type { Connection } from "./connection.ts";

/** How often the file is looked at while somebody listens; a look costs some microseconds. */
const POLL_MS = 2;

/**
 * Notices commits of other connections: `PRAGMA data_version` moves for those and stays for our own.
 *
 * The number is looked at under the write lock of every transaction, and between transactions by a timer while
 * somebody listens.
 */
export class ChangeSignal {
  readonly #dataVersion: () => unknown;
  readonly #onMoved: () => void;
  readonly #listeners = new Set<() => void>();
  #last: unknown;
  #timer: NodeJS.Timeout | undefined;

  /** @param onMoved called when the timer sees a foreign commit, before the listeners. */
  constructor(connection: Connection, options: { shared: boolean; onMoved: () => void }) {
    const statement = connection.sql("PRAGMA data_version");
    this.#dataVersion = options.shared ? () => statement.get()![0] : () => 0;
    this.#onMoved = options.onMoved;
    this.#last = this.#dataVersion();
  }

  /** Whether another connection committed since the last look. The caller forgets what it knew; listeners are told soon. */
  moved(): boolean {
    const version = this.#dataVersion();
    if (version === this.#last) return false;
    this.#last = version;
    if (this.#listeners.size > 0) realSetImmediate(this.#notify);
    return true;
  }

  listen(listener: () => void): () => void {
    const entry = (): void => listener();
    this.#listeners.add(entry);
    this.#timer ??= realSetInterval(this.#poll, POLL_MS).unref();
    return () => {
      this.#listeners.delete(entry);
      if (this.#listeners.size === 0) this.stop();
    };
  }

  /** Stops the timer. */
  stop(): void {
    realClearInterval(this.#timer);
    this.#timer = undefined;
    this.#listeners.clear();
  }

  readonly #poll = (): void => {
    const version = this.#dataVersion();
    if (version === this.#last) return;
    this.#last = version;
    this.#onMoved();
    this.#notify();
  };

  readonly #notify = (): void => {
    for (const listener of [...this.#listeners]) listener();
  };
}
