/**
 * Tasks that wait: they hold no slot, at most so many are kept in memory, and those that are not find in the journal
 * what they had made, whatever the order in which their code asks for it.
 */
import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, test, vi } from "vitest";
import { queue, step, task, wait } from "../../src/trigger/index.ts";
import { TriggerKit } from "../support/trigger-kit.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** No run stays in memory: after each wait its code runs again from the top, as after a crash. */
const EVICTED = { liveRuns: { maxCount: 0 } };

describe("slots", () => {
  test("with one slot, parents wait for children of their own queue, and those for theirs", async () => {
    const shared = queue({ name: "shared", concurrencyLimit: 1 });
    let executing = 0;
    const alone = async (): Promise<void> => {
      expect(++executing).toBe(1);
      await turn();
      executing--;
    };
    const family = task({
      id: "family",
      queue: shared,
      run: async (depth: number): Promise<number> => {
        await alone();
        if (depth === 0) return 1;
        const [one, two] = await Promise.all([
          family.triggerAndWait(depth - 1).unwrap(),
          family.triggerAndWait(depth - 1).unwrap(),
        ]);
        await alone();
        const { runs } = await family.batchTriggerAndWait([{ payload: 0 }, { payload: 0 }]);
        await alone();
        return 1 + one + two + runs.reduce((sum, run) => sum + (run.ok ? run.output : NaN), 0);
      },
    });
    await using kit = await TriggerKit.start([family]);
    const { id } = await family.trigger(2);
    expect(await kit.output(id)).toBe(1 + 2 * 5 + 2);
    expect(await kit.runs("family")).toHaveLength(13);
  });

  test("10,000 runs that wait a day hold no slot", { timeout: 60_000 }, async () => {
    const RUNS = 10_000;
    const narrow = queue({ name: "narrow", concurrencyLimit: 1 });
    const waiter = task({
      id: "waiter",
      queue: narrow,
      run: async (n: number) => {
        await wait.for({ days: 1 });
        return n;
      },
    });
    const other = task({ id: "other", queue: narrow, run: async () => "at once" });
    await using kit = await TriggerKit.start([waiter, other]);
    await waiter.batchTrigger(Array.from({ length: RUNS }, (_, payload) => ({ payload })));
    await kit.engine.whenQuiet();
    expect(kit.engine.parkedRuns).toBe(RUNS);
    const from = kit.clock.now();
    expect(await kit.output((await other.trigger()).id)).toBe("at once");
    expect(kit.clock.now()).toBe(from);

    await kit.advance(DAY);
    const runs = await kit.runs("waiter");
    expect(runs).toHaveLength(RUNS);
    expect(runs.filter(({ state }) => state !== "completed")).toEqual([]);
  });
});

describe("what is kept in memory", () => {
  /** Runs that note their start, make a text of some length, and wait an hour. */
  async function sleepers(liveRuns: object, lengths: readonly number[]) {
    const starts = lengths.map(() => 0);
    const made = lengths.map(() => 0);
    const sleeper = task({
      id: "sleeper",
      run: async (index: number) => {
        starts[index]!++;
        const text = await step.run("text", () => {
          made[index]!++;
          return "x".repeat(lengths[index]!);
        });
        await wait.for({ hours: 1 });
        return text.length;
      },
    });
    const kit = await TriggerKit.start([sleeper], { liveRuns });
    const ids: string[] = [];
    for (const index of lengths.keys()) {
      ids.push((await sleeper.trigger(index)).id);
      await kit.engine.whenQuiet();
    }
    const kept = kit.engine.parkedRuns;
    await kit.advance(HOUR);
    const outputs = await Promise.all(ids.map((id) => kit.output(id)));
    await kit[Symbol.asyncDispose]();
    expect(outputs).toEqual(lengths);
    expect(made).toEqual(lengths.map(() => 1));
    return { kept, starts };
  }

  test.each([
    { what: "all there is room for", liveRuns: {}, kept: 4, starts: [1, 1, 1, 1] },
    { what: "so many", liveRuns: { maxCount: 3 }, kept: 3, starts: [2, 1, 1, 1] },
    { what: "so many bytes", liveRuns: { maxBytes: 450_000 }, kept: 1, starts: [2, 2, 2, 1] },
    { what: "nothing", liveRuns: { maxCount: 0 }, kept: 0, starts: [2, 2, 2, 2] },
  ])("$what; the oldest run again, without their steps", async ({ liveRuns, kept, starts }) => {
    expect(await sleepers(liveRuns, [10, 10, 200_000, 30_000])).toEqual({ kept, starts });
  });
});

describe("traps of replay", () => {
  test("the token that was handed out is the one that is waited for", async () => {
    const handedOut: string[] = [];
    const asker = task({
      id: "asker",
      run: async () => {
        const tokens = await Promise.all([
          wait.createToken({ timeout: "30d" }),
          wait.createToken({ timeout: "30d", tags: "second" }),
        ]);
        handedOut.push(...tokens.map(({ id }) => id));
        await wait.for({ hours: 1 });
        const answers = tokens.map((token) => wait.forToken<string>(token).unwrap());
        return Promise.all(answers);
      },
    });
    await using kit = await TriggerKit.start([asker], EVICTED);
    const { id } = await asker.trigger();
    await kit.advance(HOUR);
    expect(handedOut.length).toBeGreaterThan(2);
    const [first, second] = handedOut;
    expect(new Set(handedOut)).toEqual(new Set([first, second]));
    expect(first).not.toBe(second);
    await wait.completeToken(second!, "two");
    await wait.completeToken(first!, "one");
    expect(await kit.output(id)).toEqual(["one", "two"]);
    expect(await kit.engine.stores.tokens.list({ limit: 10 })).toHaveLength(2);
  });

  test.each([
    { stays: "in memory", options: {} },
    { stays: "in the journal", options: EVICTED },
  ])(
    "calls side by side have their own results, in whatever order; $stays",
    async ({ options }) => {
      const charged = vi.fn<(n: number) => void>();
      const square = task({
        id: "square",
        run: async (n: number) => {
          // The later ones end first.
          await wait.for({ hours: 10 - n });
          await step.run("charge", () => charged(n));
          return n * n;
        },
      });
      const parent = task({
        id: "parent",
        run: async () => {
          const branches = [5, 6, 7, 8, 8].map(async (n) => {
            for (let turns = Math.random() * 20; turns > 0; turns--) await Promise.resolve();
            const [square1] = await Promise.all([
              square.triggerAndWait(n).unwrap(),
              wait.for({ minutes: n }),
            ]);
            return square1;
          });
          return Promise.all(branches);
        },
      });
      await using kit = await TriggerKit.start([square, parent], options);
      const from = kit.clock.now();
      const { id } = await parent.trigger();
      expect(await kit.output(id)).toEqual([25, 36, 49, 64, 64]);
      expect(kit.clock.now() - from).toBe(5 * HOUR);
      expect(await kit.runs("square")).toHaveLength(5);
      expect(charged.mock.calls.map(([n]) => n).toSorted((a, b) => a - b)).toEqual([5, 6, 7, 8, 8]);
    },
  );
});
