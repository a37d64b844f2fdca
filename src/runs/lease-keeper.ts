import type { Clock } from "../core/clock.ts";
import type { RunExecution } from "./replay-executor.ts";
import type { RunStore } from "./store/run-store.ts";

/** What a {@link LeaseKeeper} needs. */
export interface LeaseKeeperHost {
  readonly store: RunStore;
  readonly clock: Clock;
  report(error: unknown): void;
}

/**
 * Renews the leases of everything that is held, together, while anything is. An execution whose lease turns out to be
 * gone stops.
 */
export class LeaseKeeper {
  readonly #host: LeaseKeeperHost;
  readonly #leaseMs: number;
  readonly #renewMs: number;
  readonly #held = new Set<RunExecution>();
  #renewedAt = -Infinity;
  #cancelTimer: (() => void) | undefined;

  constructor(host: LeaseKeeperHost, leaseMs: number, renewMs: number) {
    this.#host = host;
    this.#leaseMs = leaseMs;
    this.#renewMs = renewMs;
  }

  add(execution: RunExecution): void {
    if (this.#held.size === 0) this.#renewedAt = this.#host.clock.now();
    this.#held.add(execution);
    this.#cancelTimer ??= this.#host.clock.after(this.#renewMs, this.#tick);
  }

  /** The timer goes on until it finds nothing: runs come and go faster than it. */
  remove(execution: RunExecution): void {
    this.#held.delete(execution);
  }

  /**
   * Asks for longer leases, if that is due. Before anything that gives expired leases back: after a sleep of the
   * machine they would be taken from ourselves.
   */
  renewIfDue(): void {
    const now = this.#host.clock.now();
    if (this.#held.size === 0 || now - this.#renewedAt < this.#renewMs) return;
    this.#renewedAt = now;
    const executions = [...this.#held];
    const runs = executions.map(({ run }) => ({ run: run.key, generation: run.generation }));
    this.#host.store.extendLeases({ now, leaseMs: this.#leaseMs, runs }).then((keys) => {
      const held = new Set(keys);
      for (const [index, execution] of executions.entries()) {
        // A live run may have been suspended and claimed again meanwhile.
        const isSame = execution.run.generation === runs[index]!.generation;
        if (!held.has(execution.run.key) && isSame && this.#held.has(execution)) execution.lose();
      }
    }, this.#host.report);
  }

  stop(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#held.clear();
  }

  readonly #tick = (): void => {
    this.#cancelTimer = undefined;
    if (this.#held.size === 0) return;
    this.renewIfDue();
    this.#cancelTimer = this.#host.clock.after(this.#renewMs, this.#tick);
  };
}
