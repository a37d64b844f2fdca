/** How many buckets of time a window has. */
const BUCKETS = 20;

/** What finished in a bucket of time that begins at `at`, and how much of it was bad. */
type Bucket = [at: number, finished: number, bad: number];

interface StoredMemory {
  readonly positions: Readonly<Record<string, number>>;
  readonly newestQueue: number;
  readonly endsUntil: number | undefined;
  readonly buckets: Readonly<Record<string, readonly Bucket[]>>;
}

/**
 * What a rule with a window has counted, so that each evaluation reads only what is new: how far, and sums of each
 * subject in buckets of a twentieth of the window. It is stored with the rule, so that a restart goes on from there.
 */
export class Memory {
  readonly #windowMs: number;
  readonly #widthMs: number;
  readonly #positions: Map<string, number>;
  readonly #buckets: Map<string, Bucket[]>;
  #newestQueue: number;
  #endsUntil: number | undefined;

  private constructor(windowMs: number, stored?: StoredMemory) {
    this.#windowMs = windowMs;
    this.#widthMs = Math.ceil(windowMs / BUCKETS);
    this.#positions = new Map(Object.entries(stored?.positions ?? {}));
    this.#buckets = new Map(
      Object.entries(stored?.buckets ?? {}).map(([subject, buckets]) => [subject, [...buckets]]),
    );
    // A queue that is there when a rule begins has a past that is not looked at; one that comes later has none.
    this.#newestQueue = stored?.newestQueue ?? Number.MAX_SAFE_INTEGER;
    this.#endsUntil = stored?.endsUntil;
  }

  /** @param text what {@link Memory.toText} gave; without, or after a gap of more than the window, it begins anew */
  static from(text: string | undefined, windowMs: number, gapMs: number): Memory {
    if (text === undefined || gapMs > windowMs) return new Memory(windowMs);
    return new Memory(windowMs, JSON.parse(text) as StoredMemory);
  }

  get widthMs(): number {
    return this.#widthMs;
  }

  /** After which event of a queue to go on. */
  positionOf({ id, lastEvent }: { readonly id: number; readonly lastEvent: number }): number {
    return this.#positions.get(String(id)) ?? (id > this.#newestQueue ? 0 : lastEvent);
  }

  moveTo(queue: number, position: number): void {
    this.#positions.set(String(queue), position);
  }

  /** Says which queues there are now. */
  sawQueues(newest: number): void {
    this.#newestQueue = newest;
  }

  /** After which time to go on with the ends of runs. */
  endsAfter(now: number): number {
    return this.#endsUntil ?? now - this.#windowMs;
  }

  sawEnds(until: number): void {
    this.#endsUntil = until;
  }

  /** What something has been counted of. */
  get subjects(): Iterable<string> {
    return this.#buckets.keys();
  }

  add(subject: string, time: number, finished: number, bad: number): void {
    if (finished === 0 && bad === 0) return;
    const at = Math.floor(time / this.#widthMs) * this.#widthMs;
    const buckets = this.#buckets.get(subject) ?? [];
    this.#buckets.set(subject, buckets);
    const bucket = buckets.find(([start]) => start === at);
    if (bucket) {
      bucket[1] += finished;
      bucket[2] += bad;
    } else buckets.push([at, finished, bad]);
  }

  /** What is in the window of a subject. */
  sum(subject: string, now: number): { readonly finished: number; readonly bad: number } {
    const sum = { finished: 0, bad: 0 };
    for (const [at, finished, bad] of this.#buckets.get(subject) ?? []) {
      if (!this.#isRecent(at, now)) continue;
      sum.finished += finished;
      sum.bad += bad;
    }
    return sum;
  }

  toText(now: number): string {
    const buckets: Record<string, readonly Bucket[]> = {};
    for (const [subject, all] of this.#buckets) {
      const recent = all.filter(([at]) => this.#isRecent(at, now));
      if (recent.length > 0) buckets[subject] = recent;
    }
    const stored: StoredMemory = {
      positions: Object.fromEntries(this.#positions),
      newestQueue: this.#newestQueue,
      endsUntil: this.#endsUntil,
      buckets,
    };
    return JSON.stringify(stored);
  }

  #isRecent(at: number, now: number): boolean {
    return at > now - this.#windowMs - this.#widthMs;
  }
}
