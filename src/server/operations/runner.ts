import { realClearInterval, realSetImmediate, realSetInterval } from "../../core/real-timers.ts";
import { applyToJobs } from "../../queue/bulk/apply.ts";
import type { JobSnapshot } from "../../queue/bulk/snapshot.ts";
import { matchJobs } from "../../queue/browse/job-match.ts";
import { QueueEngine } from "../../queue/engine.ts";
import { matchRuns } from "../../runs/search/run-match.ts";
import { loadRuns } from "../../runs/search/search-runs.ts";
import type { RuntimeParts } from "../../runtime/parts.ts";
import { scanKeys } from "../../storage/sqlite/scan.ts";
import type { KeyMatch } from "../../storage/sqlite/search-table.ts";
import type { Operation, Step } from "./operation.ts";
import { OperationStore } from "./operation-store.ts";
import { workOnRuns } from "./run-work.ts";

/** So many are changed by one transaction: workers wait for no more. */
const BATCH = 100;
/** A piece without a hit is kept as looked at after so long. */
const PIECE_MS = 100;
/** How often it is looked whether another process has left an operation behind. */
const LOOK_EVERY_MS = 5_000;

/** Works on bulk operations in the background: those that were asked for here, and those that a process left behind. */
export class OperationRunner {
  readonly store: OperationStore;
  readonly #parts: RuntimeParts;
  readonly #working = new Map<string, Promise<void>>();
  #looking: ReturnType<typeof setInterval> | undefined;
  #isClosing = false;

  constructor(parts: RuntimeParts) {
    this.#parts = parts;
    this.store = new OperationStore(parts.store);
  }

  /** Goes on with what other processes left behind, now and from time to time. */
  watch(): void {
    if (this.#looking !== undefined || this.#isClosing) return;
    this.#looking = realSetInterval(() => void this.takeOver(), LOOK_EVERY_MS);
    this.#looking.unref();
    void this.takeOver();
  }

  /** Goes on with what other processes left behind. A store that cannot be asked now is asked again later. */
  async takeOver(): Promise<void> {
    const lost = await this.store.claimLost().catch(() => []);
    for (const id of lost) this.begin(id);
  }

  /** Begins to work on an operation that belongs to this process. */
  begin(id: string): void {
    if (this.#working.has(id) || this.#isClosing) return;
    const work = this.#work(id).finally(() => this.#working.delete(id));
    this.#working.set(id, work);
  }

  /** Resolves when nothing is worked on here. */
  async whenIdle(): Promise<void> {
    while (this.#working.size > 0) await Promise.all(this.#working.values());
  }

  /** Stops after the piece that is under way; another process, or the next start, goes on. */
  async close(): Promise<void> {
    this.#isClosing = true;
    realClearInterval(this.#looking);
    await this.whenIdle();
  }

  async #work(id: string): Promise<void> {
    try {
      for (let goesOn = true; goesOn;) {
        if (this.#isClosing) {
          await this.store.release(id);
          return;
        }
        const operation = await this.store.get(id);
        goesOn = operation !== undefined && (await this.#step(operation));
        await new Promise((resolve) => realSetImmediate(resolve));
      }
    } catch (error) {
      // If the store does not take this either, the operation is taken up again when its lease has run out.
      await this.store.end(id, "failed", (error as Error).message).catch(() => false);
    }
  }

  /** Does a piece. @returns whether there is more */
  async #step(operation: Operation): Promise<boolean> {
    const { work, filter, snapshot } = operation;
    const { store } = this.#parts;
    if (work.target === "jobs") {
      const { keys, position, isLast } = await this.#find(operation, matchJobs(filter));
      return QueueEngine.of(store).write("operation", (tx) =>
        this.store.step(operation.id, (): Step => {
          const applied = applyToJobs(tx, keys, work.action, snapshot as JobSnapshot);
          return { ...applied, position, isLast, matched: keys.length };
        }),
      );
    }
    const { keys, position, isLast } = await this.#find(operation, matchRuns(filter));
    const runs = await loadRuns(store, keys);
    const applied = await workOnRuns(this.#parts, operation, work.action, runs);
    return store.write("operation", () =>
      this.store.step(operation.id, () => ({ ...applied, position, isLast, matched: keys.length })),
    );
  }

  /** The next that fit, the oldest first. */
  async #find({ position, lastKey }: Operation, match: KeyMatch) {
    const { keys, isComplete, next } = await scanKeys({
      read: (low, high, limit) =>
        this.#parts.store.query(match.up, [...match.before, low, high, ...match.after, limit]),
      ...{ isDown: false, low: position + 1, high: lastKey, limit: BATCH, timeBoxMs: PIECE_MS },
    });
    return { keys, position: isComplete ? lastKey : next - 1, isLast: isComplete };
  }
}
