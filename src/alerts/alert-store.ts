import { randomUUID } from "node:crypto";
import type { SqlValue } from "../storage/sqlite/connection.ts";
import type { SqliteStore } from "../storage/sqlite/store.ts";
import { keyOf, type Reading, subjectOf } from "./evaluate.ts";
import type { Memory } from "./memory.ts";
import { type AlertNotification, createNotification, type Standing } from "./notification.ts";
import type { CheckedRule } from "./rules.ts";
import { moveAlert } from "./transition.ts";

/** Something to be sent, as it is claimed. */
export interface Claimed {
  readonly pk: number;
  /** The same for all attempts. */
  readonly id: string;
  readonly target: string;
  readonly notification: AlertNotification;
  /** Attempts before this one. */
  readonly attempts: number;
}

/** When a rule was evaluated last, and what it remembers. */
export interface StoredRule {
  readonly evaluatedAt: number;
  readonly memory: string;
}

const RULES = "SELECT name, evaluated_at, memory FROM alert_rule";
const EVALUATED_AT = "SELECT evaluated_at FROM alert_rule WHERE name = ?";
const STORE_RULE = `INSERT INTO alert_rule (name, evaluated_at, memory) VALUES (?, ?, ?)
  ON CONFLICT (name) DO UPDATE SET evaluated_at = excluded.evaluated_at, memory = excluded.memory`;
const ALERTS = "SELECT subject, since, notified_at, count FROM alert WHERE rule = ?";
const STORE_ALERT = `INSERT INTO alert (rule, subject, since, notified_at, count) VALUES (?, ?, ?, ?, ?)
  ON CONFLICT (rule, subject) DO UPDATE SET notified_at = excluded.notified_at, count = excluded.count`;
const DELETE_ALERT = "DELETE FROM alert WHERE rule = ? AND subject = ?";
const ADD_DELIVERY = "INSERT INTO alert_delivery (id, target, body, due_at) VALUES (?, ?, ?, ?)";
const NEXT_DUE = "SELECT due_at FROM alert_delivery WHERE target = ? ORDER BY due_at LIMIT 1";
/** Of a process that is gone, nothing has to be waited for. */
const DUE = `SELECT pk, id, target, body, attempts FROM alert_delivery WHERE target = ? AND due_at <= ?
  AND (lease_until <= ? OR owner NOT IN (SELECT id FROM process)) ORDER BY due_at LIMIT ?`;
const LEASE = "UPDATE alert_delivery SET owner = ?, lease_until = ? WHERE pk = ?";
const RELEASE = "UPDATE alert_delivery SET lease_until = 0 WHERE owner = ?";
const DELETE_DELIVERY = "DELETE FROM alert_delivery WHERE pk = ? AND owner = ?";
const POSTPONE = `UPDATE alert_delivery SET attempts = ?, due_at = ?, lease_until = 0 WHERE pk = ? AND owner = ?`;

/** Deliveries that nobody has tried for so long have no target any more. */
const KEEP_DELIVERIES_MS = 7 * 24 * 3_600_000;
/** Rules that nobody has evaluated for so long are gone. */
const KEEP_RULES_MS = 30 * 24 * 3_600_000;
const FORGET = [
  ["DELETE FROM alert_delivery WHERE due_at < ?", KEEP_DELIVERIES_MS],
  [
    "DELETE FROM alert WHERE rule IN (SELECT name FROM alert_rule WHERE evaluated_at < ?)",
    KEEP_RULES_MS,
  ],
  ["DELETE FROM alert_rule WHERE evaluated_at < ?", KEEP_RULES_MS],
] as const;

/** The tables of alerts: how rules stand, and what has to be sent. */
export class AlertStore {
  readonly #store: SqliteStore;

  constructor(store: SqliteStore) {
    this.#store = store;
  }

  /** Removes what was left behind by rules and targets that are no more. */
  cleanUp(now: number): Promise<void> {
    return this.#store.write("alert:clean-up", () => {
      for (const [statement, keepMs] of FORGET) this.#sql(statement).run(now - keepMs);
    });
  }

  /** What is remembered of rules, by name. */
  rules(): ReadonlyMap<string, StoredRule> {
    const rows = this.#sql(RULES).all() as [string, number, string][];
    return new Map(rows.map(([name, evaluatedAt, memory]) => [name, { evaluatedAt, memory }]));
  }

  /**
   * Stores what an evaluation has found, and what there is to send because of it, unless another process has evaluated
   * the rule since `evaluatedAt` (`undefined`: it never was).
   */
  evaluated(
    rule: CheckedRule,
    memory: Memory,
    readings: readonly Reading[],
    { now, evaluatedAt }: { readonly now: number; readonly evaluatedAt: number | undefined },
  ): Promise<void> {
    return this.#store.write("alert:evaluate", () => {
      const [stored] = this.#sql(EVALUATED_AT).get(rule.name) ?? [];
      if (stored !== evaluatedAt) return;
      this.#sql(STORE_RULE).run(rule.name, now, memory.toText(now));
      const alerts = this.#alerts(rule.name);
      const found = new Map(readings.map((reading) => [keyOf(reading.subject), reading]));
      for (const [subject, reading] of found)
        if (reading.holds || alerts.has(subject))
          this.#move(rule, reading, alerts.get(subject), now);
      // Of what is no longer there, nothing holds.
      for (const [key, standing] of alerts) {
        if (found.has(key)) continue;
        this.#move(rule, { subject: subjectOf(key), value: 0, holds: false }, standing, now);
      }
    });
  }

  /** When the next thing for one of these targets is to be sent; `Infinity` if nothing is. */
  nextDue(targets: Iterable<string>): number {
    let next = Infinity;
    for (const target of targets)
      next = Math.min(next, (this.#sql(NEXT_DUE).get(target)?.[0] as number) ?? Infinity);
    return next;
  }

  /** Takes what is due for some targets, each for a while (ms). */
  claim(
    leases: ReadonlyMap<string, number>,
    { now, limit }: { readonly now: number; readonly limit: number },
  ): Promise<readonly Claimed[]> {
    return this.#store.write("alert:claim", () =>
      [...leases].flatMap(([target, leaseMs]) => {
        const rows = this.#sql(DUE).all(target, now, now, limit);
        for (const [pk] of rows) this.#sql(LEASE).run(this.#store.owner, now + leaseMs, pk!);
        return rows.map(toClaimed);
      }),
    );
  }

  /** It was sent, or is given up. */
  done({ pk }: Claimed): Promise<void> {
    return this.#store.write("alert:sent", () => {
      this.#sql(DELETE_DELIVERY).run(pk, this.#store.owner);
    });
  }

  /** It was not sent: another attempt is made at `dueAt`. */
  postpone({ pk }: Claimed, attempts: number, dueAt: number): Promise<void> {
    return this.#store.write("alert:postpone", () => {
      this.#sql(POSTPONE).run(attempts, dueAt, pk, this.#store.owner);
    });
  }

  /** Gives back what processes were sending that are gone, and calls `released` then. Returns a function that ends it. */
  onOwnersLost(released: () => void, report: (error: unknown) => void): () => void {
    return this.#store.onOwnersLost((owners) => {
      const release = this.#store.write("alert:take-over", () => {
        for (const owner of owners) this.#sql(RELEASE).run(owner);
      });
      // If they held jobs or runs as well, it is those who take them over that make the store forget them.
      release.then(() => this.#store.forgetOwners(owners)).then(released, report);
    });
  }

  #alerts(rule: string): ReadonlyMap<string, Standing> {
    const rows = this.#sql(ALERTS).all(rule) as [string, number, number | null, number][];
    return new Map(
      rows.map(([subject, since, notifiedAt, count]) => [
        subject,
        { since, notifiedAt: notifiedAt ?? undefined, count },
      ]),
    );
  }

  #move(rule: CheckedRule, reading: Reading, before: Standing | undefined, now: number): void {
    const subject = keyOf(reading.subject);
    const { standing, say } = moveAlert(before, reading.holds, rule, now);
    if (standing === undefined) this.#sql(DELETE_ALERT).run(rule.name, subject);
    else if (standing !== before) {
      const { since, notifiedAt = null, count } = standing;
      this.#sql(STORE_ALERT).run(rule.name, subject, since, notifiedAt, count);
    }
    if (say === undefined) return;
    const notification = createNotification(rule, reading, (standing ?? before)!, say, now);
    const body = JSON.stringify(notification);
    for (const target of rule.targets) {
      const id = `msg_${randomUUID().replaceAll("-", "")}`;
      this.#sql(ADD_DELIVERY).run(id, target, body, now);
    }
  }

  #sql(text: string) {
    return this.#store.connection.sql(text);
  }
}

function toClaimed([pk, id, target, body, attempts]: SqlValue[]): Claimed {
  return {
    pk: pk as number,
    id: id as string,
    target: target as string,
    notification: JSON.parse(body as string) as AlertNotification,
    attempts: attempts as number,
  };
}
