import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { createLonghaul } from "../index.ts";
import { createTestRuntime, VirtualClock } from "../testing/index.ts";
import { closeDefaultHost, defineConfig, task, tasks, wait } from "./index.ts";

const folders: string[] = [];
afterEach(async () => {
  await closeDefaultHost();
  vi.unstubAllEnvs();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

/** The address of a new store. */
function newUrl(): string {
  const folder = mkdtempSync(join(tmpdir(), "longhaul-tasks-"));
  folders.push(folder);
  return `file:${join(folder, "jobs.db")}`;
}

const quiet = defineConfig({ project: "shop", enableConsoleLogging: false });
const HOUR = 3_600_000;
const double = task({ id: "double", run: async (n: number) => n * 2 });

test("a runtime serves tasks, and gives them its configuration", async () => {
  const told = task({ id: "told", run: async (_: void, { ctx }) => ctx.project.ref });
  await using longhaul = createLonghaul({ url: newUrl(), config: quiet, tasks: [double, told] });
  await longhaul.start();
  const { id } = await double.trigger(4);
  expect(await longhaul.waitForEnd(id)).toBe("completed");
  expect((await longhaul.getRun(id))!.output).toBe("8");
  expect(await longhaul.invoke(told)).toBe("shop");
  const { functions } = await longhaul.health();
  expect(functions).toEqual(expect.arrayContaining(["double", "told"]));
});

test("two tasks of one id, and what is no task, are refused", () => {
  const other = task({ id: "double", run: async () => {} });
  const at = (list: readonly object[]) => () =>
    createLonghaul({ url: ":memory:", tasks: list as never });
  expect(at([double, other])).toThrow(
    expect.objectContaining({ code: "RUNTIME_DUPLICATE_FUNCTION" }),
  );
  expect(at([{ id: "double" }])).toThrow(expect.objectContaining({ code: "RUNTIME_BAD_FUNCTION" }));
});

test("without a runtime, what is triggered is stored, and executed by the next that serves the task", async () => {
  const url = newUrl();
  vi.stubEnv("LONGHAUL_URL", url);
  const { id } = await tasks.trigger(double, 21);
  await closeDefaultHost();
  await using longhaul = createLonghaul({ url, tasks: [double] });
  await longhaul.start();
  expect(await longhaul.waitForEnd(id)).toBe("completed");
  expect((await longhaul.getRun(id))!.output).toBe("42");
});

test("the runtime that was made last is triggered; one that has closed no more", async () => {
  await using first = createLonghaul({ url: newUrl(), tasks: [double] });
  const second = createLonghaul({ url: newUrl(), tasks: [double] });
  const { id } = await double.trigger(1);
  expect(await second.getRun(id)).toBeDefined();
  await second.close();
  const other = await double.trigger(1);
  expect(await first.getRun(other.id)).toBeDefined();
});

test("without room for live runs, what waits is replayed", async () => {
  let calls = 0;
  const waits = task({
    id: "waits",
    run: async () => {
      calls++;
      await wait.for({ hours: 1 });
      return "done";
    },
  });
  const clock = new VirtualClock();
  await using longhaul = createLonghaul({
    ...{ url: ":memory:", clock, config: quiet, tasks: [waits] },
    liveRuns: { maxCount: 0 },
  });
  await longhaul.start();
  const { id } = await waits.trigger();
  await vi.waitFor(async () => expect((await longhaul.getRun(id))!.state).toBe("waiting"));
  await clock.advance(HOUR);
  expect(await longhaul.waitForEnd(id)).toBe("completed");
  expect(calls).toBe(2);
});

test("in tests of users, the clock is theirs", async () => {
  const slow = task({
    id: "slow",
    run: async (days: number) => {
      await wait.for({ days });
      return double.triggerAndWait(days).unwrap();
    },
  });
  await using runtime = await createTestRuntime({ functions: [quiet, slow, double] });
  const from = runtime.now;
  const { id } = await slow.trigger(3);
  const run = await runtime.finish(id);
  expect(run).toMatchObject({ state: "completed", output: 6 });
  expect(runtime.now - from).toBe(3 * 86_400_000);
});
