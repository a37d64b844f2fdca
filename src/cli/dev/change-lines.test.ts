import { expect, test } from "vitest";
import type { LiveRun } from "../../server/live/messages.ts";
import { colorsFor } from "../colors.ts";
import { ChangeReader } from "./change-lines.ts";
import { durationOf, showChange } from "./show-change.ts";

const run = (state: LiveRun["state"], more: Partial<LiveRun> = {}): LiveRun => ({
  ...{ id: "run_1", functionId: "resize", state, attempt: 0, tags: [] },
  ...{ createdAt: "2026-01-01T00:00:00.000Z", queuedAt: "2026-01-01T00:00:00.000Z" },
  ...more,
});
const updated = (of: LiveRun): [string, string] => [
  "run.updated",
  JSON.stringify({ topic: "function:resize", run: of }),
];
const jobEvents = (...events: object[]): [string, string] => [
  "queue.events",
  JSON.stringify({ topic: "queue:emails", events }),
];

test("a run is told once for each state, with its time and its error at the end", () => {
  const reader = new ChangeReader(() => 0);
  expect(reader.read(...updated(run("running")))).toEqual([
    { kind: "run", id: "run_1", name: "resize", state: "running" },
  ]);
  expect(reader.read(...updated(run("running", { attempt: 1 })))).toEqual([]);
  const times = { startedAt: "2026-01-01T00:00:01.000Z", finishedAt: "2026-01-01T00:00:03.500Z" };
  const error = { name: "TypeError", message: "no" };
  expect(reader.read(...updated(run("failed", { ...times, error })))).toMatchObject([
    { state: "failed", durationMs: 2_500, error: "TypeError: no" },
  ]);
});

test("what was there before is no news, until it changes", () => {
  const reader = new ChangeReader(() => 0);
  const snapshot = JSON.stringify({ topic: "function:resize", runs: [run("waiting")] });
  expect(reader.read("snapshot", snapshot)).toEqual([]);
  expect(reader.read(...updated(run("waiting")))).toEqual([]);
  expect(reader.read(...updated(run("completed")))).toMatchObject([{ state: "completed" }]);
});

test("a job has the name that it was added with, and the time since it was begun", () => {
  let now = 1_000;
  const reader = new ChangeReader(() => now);
  const added = { event: "added", jobId: "7", name: "welcome" };
  const name = "emails/welcome";
  expect(reader.read(...jobEvents(added, { event: "waiting", jobId: "7" }))).toEqual([
    { kind: "job", id: "7", name, state: "waiting" },
  ]);
  reader.read(...jobEvents({ event: "active", jobId: "7" }, { event: "progress", jobId: "7" }));
  now += 40;
  const failed = { event: "failed", jobId: "7", failedReason: "no such address" };
  expect(reader.read(...jobEvents(failed))).toEqual([
    { kind: "job", id: "7", name, state: "failed", durationMs: 40, error: "no such address" },
  ]);
  expect(reader.read(...jobEvents({ event: "drained" }))).toEqual([]);
});

test("a job that was there before is told by its queue", () => {
  const reader = new ChangeReader(() => 0);
  expect(reader.read(...jobEvents({ event: "completed", jobId: "9" }))).toEqual([
    { kind: "job", id: "9", name: "emails", state: "completed" },
  ]);
});

test("a change is one line, whatever the error says", () => {
  const error = "Error: no\n    at somewhere";
  const change = { kind: "job", id: "7", name: "emails", state: "failed", error } as const;
  const at = new Date(2026, 0, 1, 9, 5, 3, 7);
  expect(showChange({ ...change, durationMs: 40 }, at, colorsFor({}))).toBe(
    "09:05:03.007  job  emails  7  failed     40 ms  Error: no",
  );
});

test.each([
  [0, "0 ms"],
  [999, "999 ms"],
  [1_500, "1.5 s"],
  [185_000, "3 min 5 s"],
])("%d ms are %s", (ms, text) => {
  expect(durationOf(ms)).toBe(text);
});
