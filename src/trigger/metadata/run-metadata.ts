import type { MetadataChange, MetadataTarget } from "../../runs/store/metadata-store.ts";
import { changeMetadata } from "../../runs/store/metadata-changes.ts";

/** How changes reach the store. */
export interface MetadataWriter {
  /**
   * Applies changes, once: `count` is how many changes the run has made in this attempt with these.
   * In a task, a step of the journal.
   */
  write(
    count: number,
    changes: ReadonlyMap<MetadataTarget, readonly MetadataChange[]>,
  ): Promise<void>;
  /** What is stored now. */
  read(): Promise<string | undefined>;
}

type Values = Record<string, unknown>;

const FLUSH_AFTER_MS = 1_000;

/**
 * What a run says about itself. Code reads what it has just written; the store gets it a second later, before each wait
 * and at the end of the attempt.
 *
 * In a replay the first changes of the attempt are in the store already: so many are counted, and not made again.
 */
export class RunMetadata {
  readonly #writer: MetadataWriter;
  readonly #report: (error: unknown) => void;
  #values: Values;
  /** Changes of this attempt that the store has from an execution before this one. */
  readonly #known: number;
  #count = 0;
  #waiting = new Map<MetadataTarget, MetadataChange[]>();
  #writing: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param known how many changes of this attempt are in the store
   * @param report takes the failure of a write that nobody waits for
   */
  constructor(
    writer: MetadataWriter,
    values: Values,
    known: number,
    report: (error: unknown) => void,
  ) {
    this.#writer = writer;
    this.#values = values;
    this.#known = known;
    this.#report = report;
  }

  /** A copy of all values. */
  current(): Values {
    return structuredClone(this.#values);
  }

  get(key: string): unknown {
    return structuredClone(this.#values[key]);
  }

  change(target: MetadataTarget, change: MetadataChange): void {
    if (++this.#count <= this.#known) return;
    // As JSON has it, and as it is now: what the caller does to it later is another matter.
    const kept = JSON.parse(JSON.stringify(change)) as MetadataChange;
    const list = this.#waiting.get(target);
    if (list) list.push(kept);
    else this.#waiting.set(target, [kept]);
    if (target === "self") this.#values = changeMetadata(this.#values, [structuredClone(kept)]);
    this.#timer ??= setTimeout(() => void this.flush().catch(this.#report), FLUSH_AFTER_MS).unref();
  }

  /** Writes what is not written. Resolves once it is. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#waiting.size === 0) return this.#writing;
    const changes = this.#waiting;
    this.#waiting = new Map();
    const before = this.#writing.catch(() => {});
    const written = this.#writer.write(this.#count, changes);
    return (this.#writing = before.then(() => written));
  }

  /** Reads what others have made of it. */
  async refresh(): Promise<void> {
    await this.flush();
    const text = await this.#writer.read();
    this.#values = text === undefined ? {} : (JSON.parse(text) as Values);
  }

  /** Forgets what is not written: the run is another's. */
  drop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#waiting.clear();
  }
}
