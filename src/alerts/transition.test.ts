import { expect, test } from "vitest";
import { duration, type Standing } from "./notification.ts";
import { moveAlert } from "./transition.ts";

/** What is said at each time, as `time: what`. */
function follow(holds: readonly boolean[], rule: { forMs: number; cooldownMs: number }): string[] {
  let standing: Standing | undefined;
  const said: string[] = [];
  holds.forEach((holdsNow, at) => {
    const moved = moveAlert(standing, holdsNow, rule, at);
    standing = moved.standing;
    if (moved.say) said.push(`${at}: ${moved.say}`);
  });
  return said;
}

const hold = (text: string): boolean[] => text.split("").map((letter) => letter === "x");

test("fires once, again after each cool-down, and says when it is over", () => {
  expect(follow(hold("-xxxxxxx-x-"), { forMs: 0, cooldownMs: 3 })).toEqual([
    "1: alert.firing",
    "4: alert.firing",
    "7: alert.firing",
    "8: alert.resolved",
    "9: alert.firing",
    "10: alert.resolved",
  ]);
});

test("fires only when the condition has held for long enough, without a break", () => {
  expect(follow(hold("xx-xxxx-"), { forMs: 2, cooldownMs: 100 })).toEqual([
    "5: alert.firing",
    "7: alert.resolved",
  ]);
});

test("durations are written in their two largest units", () => {
  expect([250, 5_000, 90_000, 3_600_000, 90_061_000].map(duration)).toEqual([
    "250 ms",
    "5 s",
    "1 min 30 s",
    "1 h",
    "1 d 1 h",
  ]);
});
