import type { Statement } from "../../../storage/sqlite/connection.ts";
import type { FinalRunState } from "../../types.ts";
import { isFinal, type StateCode, stateName } from "./codes.ts";

const STATE = "SELECT state FROM run WHERE id = ?";

type Listener = (state: FinalRunState) => void;

/** Who waits for the end of which run. */
export class EndWaiters {
  readonly #waiters = new Map<string, Set<Listener>>();

  get size(): number {
    return this.#waiters.size;
  }

  /** Calls `listener` once the run has ended. @returns a function that gives up */
  add(runId: string, listener: Listener): () => void {
    const waiters = this.#waiters.get(runId) ?? new Set();
    const entry: Listener = (state) => listener(state);
    this.#waiters.set(runId, waiters.add(entry));
    return () => {
      waiters.delete(entry);
      if (waiters.size === 0 && this.#waiters.get(runId) === waiters) this.#waiters.delete(runId);
    };
  }

  /** Runs ended by a commit of this process. */
  ended(runs: ReadonlyMap<string, StateCode>): void {
    if (this.#waiters.size === 0) return;
    for (const [runId, state] of runs) this.#call(runId, state);
  }

  /** Looks for runs that have ended, here before or in another process. @param runIds all that are waited for by default */
  check(
    tx: { sql(text: string): Statement },
    runIds: Iterable<string> = [...this.#waiters.keys()],
  ): void {
    for (const runId of runIds) {
      const state = tx.sql(STATE).get(runId)?.[0] as StateCode | undefined;
      if (state !== undefined && isFinal(state)) this.#call(runId, state);
    }
  }

  #call(runId: string, state: StateCode): void {
    const waiters = this.#waiters.get(runId);
    if (waiters === undefined) return;
    this.#waiters.delete(runId);
    for (const listener of waiters) listener(stateName(state) as FinalRunState);
  }
}
