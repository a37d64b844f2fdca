import { LonghaulError } from "../core/errors.ts";
import { readQueues } from "../queue/observe/queue-readings.ts";
import type { Longhaul } from "../runtime/longhaul.ts";
import { partsOf } from "../runtime/parts.ts";
import { openShared, type SharedStore } from "../storage/shared-stores.ts";
import { AlertStore } from "./alert-store.ts";
import { Deliverer } from "./deliverer.ts";
import { evaluateRule, type World } from "./evaluate.ts";
import { Memory } from "./memory.ts";
import { type AlertRule, bad, type CheckedRule, checkRules } from "./rules.ts";
import type { AlertTarget } from "./targets/target.ts";

/** How to make {@link Alerts}. */
export interface AlertsOptions {
  readonly rules: readonly AlertRule[];
  readonly targets: readonly AlertTarget[];
  /** How often rules are evaluated, ms. @default 10 seconds */
  readonly intervalMs?: number | undefined;
  /** How often an alert is sent to a target before it is given up. @default 10, which takes about an hour */
  readonly attempts?: number | undefined;
  /** Takes what fails in the background; what can be tried again is. @default writes it to stderr */
  readonly onError?: ((error: unknown) => void) | undefined;
}

const DEFAULT_INTERVAL_MS = 10_000;
const DEFAULT_ATTEMPTS = 10;
/** Queues beyond this many are not looked at. */
const MAX_QUEUES = 10_000;

/**
 * Rules that are evaluated on a store again and again, and targets that are told.
 *
 *   open ──► started ──► closed
 *
 * Several processes may do so on one file: each rule is evaluated by one of them at a time, and each alert sent by one.
 */
export class Alerts {
  readonly #shared: SharedStore;
  readonly #rules: readonly CheckedRule[];
  readonly #targets: ReadonlyMap<string, AlertTarget>;
  readonly #store: AlertStore;
  readonly #deliverer: Deliverer;
  readonly #intervalMs: number;
  readonly #report: (error: unknown) => void;
  #cancelTimer: () => void = () => {};
  #unlisten: () => void = () => {};
  #checking: Promise<void> = Promise.resolve();
  #evaluateAt = 0;
  #isStarted = false;
  #closing: Promise<void> | undefined;

  /** @internal Use {@link createAlerts}. */
  constructor(where: Longhaul | string, options: AlertsOptions) {
    const { rules, targets, attempts = DEFAULT_ATTEMPTS } = options;
    this.#intervalMs = options.intervalMs ?? DEFAULT_INTERVAL_MS;
    if (!(this.#intervalMs >= 100)) throw bad("intervalMs has to be at least 100");
    if (!Number.isSafeInteger(attempts) || attempts < 1)
      throw bad("attempts has to be a whole number of at least 1");
    this.#targets = checkTargets(targets);
    this.#rules = checkRules(rules, [...this.#targets.keys()]);
    this.#report = options.onError ?? reportToStderr;
    this.#shared = openShared(typeof where === "string" ? where : partsOf(where).connection);
    this.#store = new AlertStore(this.#shared.store);
    this.#deliverer = new Deliverer({
      ...{ store: this.#store, clock: this.#shared.store.clock, targets: this.#targets },
      ...{ attempts, report: this.#report },
    });
  }

  /**
   * Begins to evaluate, and to send what has not been sent yet. Idempotent.
   *
   * @throws {LonghaulError} ALERT_MAIL_MISSING, STORE_CLOSED
   */
  async start(): Promise<void> {
    if (this.#closing) throw new LonghaulError("STORE_CLOSED");
    if (this.#isStarted) return;
    this.#isStarted = true;
    for (const target of this.#targets.values())
      if ("prepare" in target && typeof target.prepare === "function") await target.prepare();
    await this.#store.cleanUp(this.#shared.store.clock.now());
    if (this.#closing) return;
    this.#wake();
    const sendAgain = (): void => void (this.#checking = this.#checking.then(() => this.#check()));
    this.#unlisten = this.#store.onOwnersLost(sendAgain, this.#report);
  }

  /**
   * Evaluates all rules and sends what is due, now. Resolves when what it found is stored, and each attempt to send has
   * ended. What fails is reported, and tried again later.
   */
  check(): Promise<void> {
    this.#checking = this.#checking.then(() => this.#check(true));
    return this.#checking;
  }

  /** Resolves when nothing is left to do before a later time: for tests that turn the clock. */
  async whenQuiet(): Promise<void> {
    let last: Promise<void> | undefined;
    while (last !== this.#checking) await (last = this.#checking);
  }

  /** Ends what is under way, and gives the store back. What was not sent is sent after the next start. Idempotent. */
  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #wake(): void {
    this.#checking = this.#checking.then(async () => {
      await this.#check();
      if (this.#closing) return;
      const { clock } = this.#shared.store;
      const now = clock.now();
      // What another process is sending is due, but not for us.
      const dueAt = Math.max(this.#deliverer.nextDue, now + 1_000);
      const delayMs = Math.min(this.#evaluateAt, dueAt) - now;
      this.#cancelTimer = clock.after(delayMs, () => this.#wake());
    });
  }

  async #check(always = false): Promise<void> {
    if (this.#closing) return;
    const now = this.#shared.store.clock.now();
    if (always || now >= this.#evaluateAt) {
      this.#evaluateAt = now + this.#intervalMs;
      await this.#evaluate(now, always).catch(this.#report);
    }
    await this.#deliverer.deliverDue().catch(this.#report);
  }

  /** @param always also rules that another process has evaluated a moment ago */
  async #evaluate(now: number, always: boolean): Promise<void> {
    const stored = this.#store.rules();
    const due = this.#rules.filter(({ name }) => {
      const at = stored.get(name)?.evaluatedAt;
      // A clock that was set back must not hold rules up.
      return always || at === undefined || at > now || now - at >= this.#intervalMs / 2;
    });
    if (due.length === 0) return;
    const { store } = this.#shared;
    const query: World["query"] = (sql, params) => store.query(sql, params);
    const queues = await readQueues(query, MAX_QUEUES);
    const evaluate = async (rule: CheckedRule) => {
      const before = stored.get(rule.name);
      const evaluatedAt = before?.evaluatedAt;
      const memory = Memory.from(before?.memory, rule.windowMs, now - (evaluatedAt ?? now));
      const readings = await evaluateRule(rule, memory, { query, now, queues });
      return { rule, memory, readings, evaluatedAt };
    };
    // What they have found is stored in one commit; a rule that cannot be evaluated holds up none of the others.
    const found = await Promise.all(
      due.map((rule) =>
        evaluate(rule).catch((error: unknown) => {
          this.#report(error);
          return undefined;
        }),
      ),
    );
    await Promise.all(
      found
        .filter((one) => one !== undefined)
        .map(({ rule, memory, readings, evaluatedAt }) =>
          this.#store.evaluated(rule, memory, readings, { now, evaluatedAt }),
        ),
    );
  }

  async #close(): Promise<void> {
    this.#unlisten();
    this.#cancelTimer();
    this.#deliverer.close();
    await this.#checking;
    await this.#shared.release();
  }
}

/**
 * Rules on queues, functions and tasks, and targets that are told when they hold.
 *
 * @param where a runtime, or the URL of a store
 * @throws {LonghaulError} ALERT_BAD_OPTION, and what opening the store throws
 *
 * @example
 * const alerts = createAlerts(longhaul, {
 *   rules: [{ name: "mail fails", when: "failures", queue: "mail", threshold: 10 }],
 *   targets: [slack({ url: process.env.SLACK_WEBHOOK_URL! })],
 * });
 * await alerts.start();
 */
export const createAlerts = (where: Longhaul | string, options: AlertsOptions): Alerts =>
  new Alerts(where, options);

function checkTargets(targets: readonly AlertTarget[]): ReadonlyMap<string, AlertTarget> {
  if (!Array.isArray(targets) || targets.length === 0) throw bad("targets has to be a list");
  const byName = new Map<string, AlertTarget>();
  for (const target of targets as readonly AlertTarget[]) {
    if (typeof target?.name !== "string" || typeof target.send !== "function")
      throw bad("a target has to have a name and send()");
    if (byName.has(target.name)) throw bad(`two targets are called ${target.name}`);
    if (target.timeoutMs !== undefined && !(target.timeoutMs > 0))
      throw bad(`target ${target.name}: timeoutMs has to be above 0`);
    byName.set(target.name, target);
  }
  return byName;
}

// oxlint-disable-next-line no-console -- nobody said where else to, and silence would hide that nobody is told
const reportToStderr = (error: unknown): void => console.error("longhaul alerts:", error);
