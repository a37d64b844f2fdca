import type { RunExecution } from "../replay-executor.ts";
import type { ClaimedRun, RunKey, RunStore } from "../store/run-store.ts";

/** How much is kept in memory of live runs that wait. */
export interface LiveRunsOptions {
  /** How many runs at most. @default 10_000 */
  readonly maxCount?: number | undefined;
  /** How much they may take at most, in bytes, estimated from what their steps and events were. @default no bound */
  readonly maxBytes?: number | undefined;
}

const DEFAULT_MAX_COUNT = 10_000;
/** After commits of other processes, so many runs are looked up at once whether they still wait. */
const CHECKED_AT_ONCE = 500;

/** What a parked run takes besides what its code has seen: measured with tasks whose code has a few variables. */
const PARKED_BYTES = 16_384;
const BYTES_PER_CHARACTER = 2;

interface Parked {
  readonly execution: RunExecution;
  readonly bytes: number;
}

/**
 * Live runs that wait: their slots are free and their leases given up, and their code is kept here, to go on where it
 * was if this process claims them next.
 *
 *   suspended ──► parked ──► reserved ──► resumed   claimed by this process, at the next generation
 *                   │
 *                   └──► evicted                    no room (the oldest goes first), ended, taken by another process,
 *                                                   or the worker drains: the journal is all that is left
 *
 * A run is reserved inside the transaction that claims it, which then does not read its journal.
 */
export class LiveRuns {
  readonly #maxCount: number;
  readonly #maxBytes: number;
  /** By run id, the oldest first. */
  readonly #parked = new Map<string, Parked>();
  readonly #reserved = new Map<string, Parked>();
  /** Reserved runs that have ended: the claim, which comes to know of it last, has no journal to replay. */
  readonly #over = new Set<string>();
  #bytes = 0;
  #isClosed = false;

  constructor({ maxCount = DEFAULT_MAX_COUNT, maxBytes = Infinity }: LiveRunsOptions = {}) {
    this.#maxCount = maxCount;
    this.#maxBytes = maxBytes;
  }

  /** How many are parked. */
  get size(): number {
    return this.#parked.size + this.#reserved.size;
  }

  /** Keeps a run that is being suspended. */
  park(execution: RunExecution): void {
    if (this.#isClosed) {
      execution.evict();
      return;
    }
    const bytes = this.#maxBytes === Infinity ? 0 : estimateBytes(execution);
    this.#parked.set(execution.run.id, { execution, bytes });
    this.#bytes += bytes;
    for (const [id, { execution: oldest }] of this.#parked) {
      if (this.size <= this.#maxCount && this.#bytes <= this.#maxBytes) return;
      this.#remove(id);
      oldest.evict();
    }
  }

  /** Whether a run is here as it was suspended. It stays, then, until it is taken. */
  readonly reserve = (runId: string, generation: number): boolean => {
    const parked = this.#parked.get(runId) ?? this.#reserved.get(runId);
    if (parked?.execution.run.generation !== generation) return false;
    this.#parked.delete(runId);
    this.#reserved.set(runId, parked);
    return true;
  };

  /** The claim that reserved runs came to nothing. */
  unreserve(): void {
    for (const [id, parked] of this.#reserved) this.#parked.set(id, parked);
    this.#reserved.clear();
    this.#over.clear();
  }

  /**
   * Takes out the execution that may go on with a claimed run, if it is here. Others of that run are evicted.
   * @returns "over" if the run ended after it was reserved, and before its claim was known
   */
  take(run: ClaimedRun): RunExecution | "over" | undefined {
    if (this.#over.delete(run.id)) return "over";
    const execution = this.#remove(run.id);
    if (execution === undefined) return undefined;
    if (execution.isParked && execution.run.generation === run.generation - 1) return execution;
    execution.evict();
    return undefined;
  }

  /** Takes out what could not be suspended: others have the run. */
  drop(execution: RunExecution): void {
    if (this.#at(execution.run.id)?.execution === execution) this.#remove(execution.run.id);
  }

  /** Runs have ended. */
  ended(runIds: Iterable<string>): void {
    if (this.size === 0) return;
    for (const id of runIds) {
      if (this.#reserved.has(id)) this.#over.add(id);
      this.#remove(id)?.evict();
    }
  }

  /** Evicts what other processes have claimed or ended meanwhile. */
  async check(store: Pick<RunStore, "stillWaiting">): Promise<void> {
    const executions = [...this.#parked.values()].map(({ execution }) => execution);
    for (let from = 0; from < executions.length; from += CHECKED_AT_ONCE) {
      const bite = executions.slice(from, from + CHECKED_AT_ONCE);
      const runs = bite.map(({ run: { key, generation } }) => ({ run: key, generation }));
      // One bite after the other, so that they do not hold up what else there is to do.
      const waiting = new Set<RunKey>(await store.stillWaiting(runs));
      for (const [index, execution] of bite.entries()) {
        const { key, id } = execution.run;
        const isSame = execution.run.generation === runs[index]!.generation;
        if (waiting.has(key) || !isSame || this.#parked.get(id)?.execution !== execution) continue;
        this.#remove(id);
        execution.evict();
      }
    }
  }

  /** Evicts all, and keeps none any more. */
  close(): void {
    this.#isClosed = true;
    for (const id of [...this.#parked.keys(), ...this.#reserved.keys()]) this.#remove(id)?.evict();
  }

  #at(runId: string): Parked | undefined {
    return this.#parked.get(runId) ?? this.#reserved.get(runId);
  }

  #remove(runId: string): RunExecution | undefined {
    const parked = this.#at(runId);
    if (parked === undefined) return undefined;
    this.#parked.delete(runId);
    this.#reserved.delete(runId);
    this.#bytes -= parked.bytes;
    return parked.execution;
  }
}

function estimateBytes({ run, seenLength }: RunExecution): number {
  const events = run.events.reduce((sum, { data }) => sum + JSON.stringify(data).length, 0);
  return PARKED_BYTES + BYTES_PER_CHARACTER * (events + seenLength);
}
