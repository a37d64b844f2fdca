import { expect, test } from "vitest";
import type { LiveMessage } from "./source.ts";
import { applyMessage, NOTHING, type TopicState } from "./topic-state.ts";

const after = (...messages: unknown[]): TopicState =>
  (messages as LiveMessage[]).reduce(applyMessage, NOTHING);

const run = (id: string, state: string) => ({ id, state });

test("a job is its snapshot and what changed since; a new snapshot replaces it", () => {
  const snapshot = {
    event: "snapshot",
    data: { topic: "job:a:1", job: { id: "1", state: "waiting", logs: [] } },
  };
  const state = after(
    snapshot,
    { event: "job.state", data: { topic: "job:a:1", state: "active" } },
    { event: "job.paused", data: { topic: "job:a:1", isPaused: true } },
    { event: "log", data: { topic: "job:a:1", line: { line: 1, text: "hi" } } },
  );
  expect(state.job).toEqual({
    id: "1",
    state: "active",
    isPaused: true,
    logs: [{ line: 1, text: "hi" }],
  });
  expect(applyMessage(state, snapshot as LiveMessage).job).toEqual(snapshot.data.job);
});

test("of a list, a run that changes stays in its place, and a new one goes to the front", () => {
  const state = after(
    { event: "snapshot", data: { topic: "tag:x", runs: [run("b", "queued"), run("a", "queued")] } },
    { event: "run.updated", data: { topic: "tag:x", run: run("a", "running") } },
    { event: "run.updated", data: { topic: "tag:x", run: run("c", "queued") } },
  );
  expect(state.runs).toEqual([run("c", "queued"), run("b", "queued"), run("a", "running")]);
});

test("a chunk that is said again after a reconnect is there once, and a reset begins anew", () => {
  const chunk = (index: number) => ({
    event: "chunk",
    data: { topic: "stream:r:s", index, chunk: `${index}` },
  });
  const snapshot = { event: "snapshot", data: { topic: "stream:r:s" } };
  const state = after(snapshot, chunk(0), chunk(1), chunk(1), chunk(2));
  expect(state.chunks).toEqual(["0", "1", "2"]);
  const reset = { event: "reset", data: { topic: "stream:r:s", reason: "slow" } } as LiveMessage;
  expect(applyMessage(state, reset)).toMatchObject({ isKnown: false });
  expect(applyMessage(state, reset)).not.toHaveProperty("chunks");
});

test("a refusal is there until a snapshot comes", () => {
  const refused = {
    event: "refused",
    data: { topic: "run:1", status: 403, code: "SERVER_FORBIDDEN", detail: "no" },
  };
  const state = after(refused);
  expect(state.problem).toEqual({ status: 403, code: "SERVER_FORBIDDEN", detail: "no" });
  const snapshot = { event: "snapshot", data: { topic: "run:1", run: null, steps: [], logs: [] } };
  expect(applyMessage(state, snapshot as unknown as LiveMessage).problem).toBeUndefined();
});
