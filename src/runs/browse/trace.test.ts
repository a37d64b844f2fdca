import { expect, test } from "vitest";
import { define, EngineKit } from "../../../test/support/engine-kit.ts";
import { readRun } from "./run.ts";
import { readTrace, type TraceCursor, type TraceSpan } from "./trace.ts";

const MINUTE = 60_000;

/** What a client makes of all windows: what is said later completes what was said, and the earlier start counts. */
function merged(windows: readonly (readonly TraceSpan[])[]): TraceSpan[] {
  const spans = new Map<string, TraceSpan>();
  for (const span of windows.flat()) {
    const known = spans.get(span.id);
    const starts = [known?.startAt, span.startAt].filter((at) => at !== undefined);
    const startAt = starts.length === 0 ? undefined : Math.min(...starts);
    spans.set(span.id, { ...known, ...span, ...(startAt !== undefined && { startAt }) });
  }
  return [...spans.values()];
}

test("steps and waits have their times, and windows of any size come to the same", async () => {
  let tries = 0;
  await using kit = await EngineKit.start([
    define(
      "fn",
      async (run) => {
        await run.run("flaky", () => {
          if (tries++ === 0) throw new Error("busy");
        });
        await run.sleepUntil("nap", kit.clock.now() + MINUTE);
        await run.run("last", () => {
          throw new Error("no");
        });
      },
      { retries: 1, backoff: () => MINUTE },
    ),
  ]);
  const start = kit.clock.now();
  const id = await kit.begin("fn");
  await kit.engine.whenQuiet();
  const active = (await readTrace(kit.sqlite, (await readRun(kit.sqlite, id))!, { limit: 500 }))
    .spans;
  expect(active.find(({ name }) => name === "flaky")).toMatchObject({
    ...{ state: "retry", startAt: start, dueAt: start + MINUTE, message: "busy" },
  });
  for (let minutes = 0; minutes < 4; minutes++) await kit.advance(MINUTE);
  const run = (await readRun(kit.sqlite, id))!;
  expect(run.state).toBe("failed");
  const read = async (limit: number): Promise<TraceSpan[]> => {
    const windows: (readonly TraceSpan[])[] = [];
    for (let after: TraceCursor | undefined; ;) {
      const { spans, next } = await readTrace(kit.sqlite, run, { limit, after });
      windows.push(spans);
      if (next === undefined) return merged(windows);
      after = next;
    }
  };
  const whole = await read(500);
  const times = ({ name, kind, state, startAt, endAt }: TraceSpan): unknown[] => [
    ...[name, kind, state],
    ...[startAt, endAt].map((at) => (at === undefined ? at : (at - start) / MINUTE)),
  ];
  expect(whole.map(times)).toEqual([
    ["queued", "queue", "done", 0, 0],
    ["flaky", "step", "done", 0, 1],
    ["nap", "wait", "done", 1, 2],
    ["last", "step", "failed", 2, 3],
  ]);
  for (const limit of [1, 2, 3]) expect((await read(limit)).map(times)).toEqual(whole.map(times));
});
