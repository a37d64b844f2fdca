import type { Clock } from "../core/clock.ts";
import { crashPoint } from "../core/crash-points.ts";
import { LonghaulError } from "../core/errors.ts";
import { realSetTimeout } from "../core/real-timers.ts";
import type { AlertStore, Claimed } from "./alert-store.ts";
import type { AlertTarget } from "./targets/target.ts";

/** What sends, and where to. */
export interface DelivererHost {
  readonly store: AlertStore;
  readonly clock: Clock;
  readonly targets: ReadonlyMap<string, AlertTarget>;
  /** Attempts for each alert and target. */
  readonly attempts: number;
  readonly report: (error: unknown) => void;
}

const DEFAULT_TIMEOUT_MS = 10_000;
/** Beyond its timeout, an attempt is nobody else's for so long. */
const LEASE_SLACK_MS = 20_000;
const AT_ONCE = 16;
const FIRST_BACKOFF_MS = 5_000;
const MAX_BACKOFF_MS = 15 * 60_000;

/** Sends what the store has to be sent, again and again until it has arrived or its attempts are used up. */
export class Deliverer {
  readonly #host: DelivererHost;
  readonly #closing = new AbortController();
  readonly #leases: ReadonlyMap<string, number>;

  constructor(host: DelivererHost) {
    this.#host = host;
    this.#leases = new Map(
      [...host.targets].map(([name, { timeoutMs = DEFAULT_TIMEOUT_MS }]) => [
        name,
        timeoutMs + LEASE_SLACK_MS,
      ]),
    );
  }

  /** When there is something to send next, epoch ms; `Infinity` if there is nothing. */
  get nextDue(): number {
    return this.#host.store.nextDue(this.#leases.keys());
  }

  /** Sends all that is due now. Resolves when each attempt has ended, and what came of it is stored. */
  async deliverDue(): Promise<void> {
    const { store, clock } = this.#host;
    while (!this.#closing.signal.aborted && this.nextDue <= clock.now()) {
      const claimed = await store.claim(this.#leases, { now: clock.now(), limit: AT_ONCE });
      // What is due is being sent by another process.
      if (claimed.length === 0) return;
      crashPoint("alerts:before-send");
      await Promise.all(claimed.map((delivery) => this.#deliver(delivery)));
    }
  }

  /** Gives up the attempts that are under way: they are made again later, here or elsewhere. */
  close(): void {
    this.#closing.abort(new Error("the alerts are closed"));
  }

  async #deliver(claimed: Claimed): Promise<void> {
    const { store, clock, targets, attempts, report } = this.#host;
    const attempt = claimed.attempts + 1;
    const target = targets.get(claimed.target)!;
    try {
      await this.#attempt(target, claimed, attempt);
      crashPoint("alerts:after-send");
      await store.done(claimed);
    } catch (error) {
      if (this.#closing.signal.aborted) {
        await store.postpone(claimed, claimed.attempts, clock.now());
        return;
      }
      const isFinal = error instanceof LonghaulError && !error.retryable;
      if (attempt < attempts && !isFinal) {
        await store.postpone(claimed, attempt, clock.now() + backoff(attempt));
        return;
      }
      const reason = error instanceof Error ? error.message : String(error);
      const rule = claimed.notification.data.rule;
      const details = { rule, target: target.name, attempts: attempt, reason };
      report(new LonghaulError("ALERT_NOT_DELIVERED", details, { cause: error }));
      await store.done(claimed);
    }
  }

  async #attempt(target: AlertTarget, claimed: Claimed, attempt: number): Promise<void> {
    const timeoutMs = target.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    const timeout = new AbortController();
    const timer = realSetTimeout(
      () => timeout.abort(new Error(`no answer within ${timeoutMs} ms`)),
      timeoutMs,
    );
    const signal = AbortSignal.any([timeout.signal, this.#closing.signal]);
    const { id, notification } = claimed;
    const delivery = { id, attempt, sentAt: this.#host.clock.now(), signal, ...notification };
    try {
      // Not every target heeds the signal.
      await Promise.race([(async () => target.send(delivery))(), whenAborted(signal)]);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Rejects with the signal's reason once it is aborted. */
function whenAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const fail = (): void => reject(signal.reason);
    if (signal.aborted) fail();
    else signal.addEventListener("abort", fail, { once: true });
  });
}

/** 5 s, 10 s, 20 s, … up to 15 minutes. */
const backoff = (attempt: number): number =>
  Math.min(FIRST_BACKOFF_MS * 2 ** (attempt - 1), MAX_BACKOFF_MS);
