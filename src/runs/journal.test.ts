import { expect, test } from "vitest";
import { Journal } from "./journal.ts";
import { Step } from "./step.ts";
import type { JournalEntry } from "./types.ts";

const entry = (key: string, state: JournalEntry["state"] = "done"): JournalEntry => ({
  key,
  kind: "run",
  state,
  attempt: 1,
  at: 0,
});

/** Calls steps, and gives the keys of all results that are handed out then. */
function call(journal: Journal, ...keys: string[]): string[] {
  for (const key of keys) journal.call(new Step(key, "run"));
  return handedOut(journal);
}

function handedOut(journal: Journal): string[] {
  const keys: string[] = [];
  for (let next = journal.next(); next; next = journal.next()) keys.push(next.entry.key);
  return keys;
}

test("results are handed out in their order, however their steps are called", () => {
  const journal = new Journal([entry("a"), entry("b"), entry("c", "failed")]);
  expect(call(journal, "c", "b")).toEqual([]);
  expect(journal.isBlocked).toBe(true);
  expect(call(journal, "a")).toEqual(["a", "b", "c"]);
  expect(journal.isExhausted).toBe(true);
});

test("a gap that is given up lets the next results through, and its own when it is called after all", () => {
  const journal = new Journal([entry("gone"), entry("a"), entry("late"), entry("b")]);
  expect(call(journal, "a")).toEqual([]);
  journal.giveUpGap();
  expect(handedOut(journal)).toEqual(["a"]);
  expect(journal.hasGap).toBe(true);
  expect(journal.isBlocked).toBe(false);
  journal.giveUpGap();
  expect(call(journal, "late", "b")).toEqual(["late", "b"]);
});

test("replaying ends when all entries were met", () => {
  const journal = new Journal([entry("a"), entry("nap", "pending")]);
  expect(journal.isReplaying).toBe(true);
  call(journal, "a");
  expect(journal.isReplaying).toBe(true);
  journal.meet(1);
  expect(journal.isReplaying).toBe(false);
});

test("an answer that comes while the replay goes on is found by its step", () => {
  const journal = new Journal([entry("wait", "pending")]);
  journal.update({ ...entry("wait", "pending"), data: "1" });
  journal.update(entry("unknown"));
  expect(journal.get("wait")).toMatchObject({ data: "1" });
  expect(journal.get("unknown")).toBeUndefined();
});
