import type { Standing } from "./notification.ts";
import type { CheckedRule } from "./rules.ts";

/** What becomes of an alert, and what is said about it. */
export interface Transition {
  /** `undefined`: it is over, or there is none. */
  readonly standing: Standing | undefined;
  readonly say: "alert.firing" | "alert.resolved" | undefined;
}

/**
 * An alert of one rule for one subject:
 *
 *   none ──holds──► pending ──held for forMs──► firing ──no longer──► none, "resolved"
 *                     └──no longer──► none       └──holds after cooldownMs──► firing, said again
 *
 * Moved by whoever evaluates the rule, in one transaction with what it causes to be sent.
 */
export function moveAlert(
  before: Standing | undefined,
  holds: boolean,
  { forMs, cooldownMs }: Pick<CheckedRule, "forMs" | "cooldownMs">,
  now: number,
): Transition {
  if (!holds) {
    const wasSaid = before?.notifiedAt !== undefined;
    return { standing: undefined, say: wasSaid ? "alert.resolved" : undefined };
  }
  const standing = before ?? { since: now, notifiedAt: undefined, count: 0 };
  const { notifiedAt, since } = standing;
  const isDue = notifiedAt === undefined ? now - since >= forMs : now - notifiedAt >= cooldownMs;
  if (!isDue) return { standing, say: undefined };
  return {
    standing: { since, notifiedAt: now, count: standing.count + 1 },
    say: "alert.firing",
  };
}
