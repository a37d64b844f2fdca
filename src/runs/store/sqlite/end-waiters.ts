import type { Statement } from "../../../storage/sqlite/connection.ts";
import type { FinalRunState } from "../../types.ts";
import { isFinal, type StateCode, stateName } from "./codes.ts";

const STATE = "SELECT state FROM run WHERE id = ?";

/** Gets `undefined` if the store closes first. */
type Resolve = (state: FinalRunState | undefined) => void;

/** Who waits for the end of which run. */
export class EndWaiters {
  readonly #waiters = new Map<string, Set<Resolve>>();

  get size(): number {
    return this.#waiters.size;
  }

  /** Calls `resolve` once the run has ended. @returns a function that gives up */
  add(runId: string, resolve: Resolve): () => void {
    const waiters = this.#waiters.get(runId) ?? new Set();
    this.#waiters.set(runId, waiters.add(resolve));
    return () => {
      waiters.delete(resolve);
      if (waiters.size === 0 && this.#waiters.get(runId) === waiters) this.#waiters.delete(runId);
    };
  }

  /** Runs ended by a commit of this process. */
  ended(runs: ReadonlyMap<string, StateCode>): void {
    if (this.#waiters.size === 0) return;
    for (const [runId, state] of runs) this.#resolve(runId, state);
  }

  /** Looks for runs that another process ended. */
  check(tx: { sql(text: string): Statement }): void {
    for (const runId of [...this.#waiters.keys()]) {
      const state = tx.sql(STATE).get(runId)?.[0] as StateCode | undefined;
      if (state !== undefined && isFinal(state)) this.#resolve(runId, state);
    }
  }

  close(): void {
    for (const runId of [...this.#waiters.keys()]) this.#resolve(runId, undefined);
  }

  #resolve(runId: string, state: StateCode | undefined): void {
    const waiters = this.#waiters.get(runId);
    if (waiters === undefined) return;
    this.#waiters.delete(runId);
    const name = state === undefined ? undefined : (stateName(state) as FinalRunState);
    for (const resolve of waiters) resolve(name);
  }
}
