import fc from "fast-check";
import { expect, test } from "vitest";
import { VirtualClock } from "../testing/virtual-clock.ts";
import type { FunctionDefinition, RunHandle } from "./definition.ts";
import { EngineKit } from "../../test/support/engine-kit.ts";
import {
  endsOnGrid,
  type EndOf,
  type Program,
  programs,
  runPlainly,
  runProgram,
} from "../../test/support/random-programs.ts";
import type { JournalWrite, RunKey } from "./store/run-store.ts";

/**
 * Random programs of steps, branches, sleeps, waits and errors end the same way however often their process dies:
 * replayed from every prefix of their journal they give the result they gave without interruption, and the one they
 * give in plain JavaScript, where each step is a promise that settles at the step's time.
 *
 * Executed live, they keep their code while they wait, and so do their replays, or not, for want of room. Waits that
 * nobody answers are for children then, which end at their time, well or badly.
 *
 * Where several things end at the same time, the order in which they do is nobody's; what one execution made of it, all
 * later ones follow.
 */

const executors = ["replay", "live"] as const;
type Executor = (typeof executors)[number];

/** Turns of the event loop without a write, after which nothing more happens at this time. */
const QUIET_TURNS = 12;
/** An answered wait resolves with an event, whose id no two executions have in common. */
const HEARD = "heard";

function functionOf(
  program: Program,
  kit: () => EngineKit,
  clock: VirtualClock,
  endOf: EndOf,
  executor: Executor,
): FunctionDefinition {
  const answered = new Set<string>();
  const answerOnce = (key: string, at: number): void => {
    if (at === Infinity || answered.has(key)) return;
    answered.add(key);
    clock.after(at - clock.now(), () => void kit().engine.send([{ name: `answer/${key}` }]));
  };
  return {
    id: "program",
    triggers: [{ event: "start" }],
    executor,
    retries: 2,
    backoff: () => 0,
    handler: (run) =>
      runProgram(program, {
        now: () => clock.now(),
        endOf,
        run: (id, key, { slow, failures, value }) =>
          run.run(
            id,
            async (attempt) => {
              if (slow && attempt === 0) await sleepUntil(clock, endOf(`${key} 0`, clock.now()));
              if (attempt < failures) throw new Error(`${id} fails`);
              return value;
            },
            { backoff: (attempt) => endOf(`${key} ${attempt}`, clock.now()) - clock.now() },
          ),
        sleep: (id, dueAt) => run.sleepUntil(id, dueAt),
        wait: async (id, key, dueAt, answerAt) => {
          if (executor === "live" && answerAt === Infinity) return childUntil(run, id, key, dueAt);
          answerOnce(key, answerAt);
          const wait = { event: `answer/${key}`, timeoutMs: dueAt - clock.now() };
          return (await run.waitForEvent(id, wait)) && HEARD;
        },
      }),
  };
}

/** Ends at its time. */
const child: FunctionDefinition = {
  id: "child",
  triggers: [],
  executor: "live",
  retries: 0,
  backoff: () => 0,
  handler: async (run) => {
    const { key, dueAt } = run.event.data as { key: string; dueAt: number };
    await run.sleepUntil("nap", dueAt);
    if (dueAt % 2 === 0) throw new Error(key);
    return key;
  },
};

async function childUntil(run: RunHandle, id: string, key: string, dueAt: number): Promise<null> {
  const { output, error } = await run.child(id, { functionId: "child", data: { key, dueAt } });
  if ((error?.message ?? JSON.parse(output!)) !== key) throw new Error("the end of another child");
  return null;
}

const sleepUntil = (clock: VirtualClock, at: number): Promise<void> =>
  new Promise((resolve) => clock.after(at - clock.now(), resolve));

/** Runs a program to its end; from a prefix of a journal, as if its process had died there. */
async function execute(
  program: Program,
  endOf: EndOf,
  executor: Executor,
  prefix: readonly JournalWrite[] = [],
) {
  const clock = new VirtualClock(prefix.at(-1)?.entry.at ?? 0);
  const definition = functionOf(program, () => kit, clock, endOf, executor);
  const liveRuns = { maxCount: prefix.length % 2 === 0 ? undefined : 0 };
  await using kit: EngineKit = EngineKit.open([definition, child], { clock, liveRuns });
  const settle = async (): Promise<void> => {
    for (let quiet = 0, last: unknown; quiet < QUIET_TURNS; quiet++) {
      await new Promise((resolve) => setImmediate(resolve));
      const changes = kit.sqlite.connection.sql("SELECT total_changes()").get()![0];
      if (changes !== last) quiet = 0;
      last = changes;
    }
  };
  const runId = await kit.engine.trigger("program");
  const key = 1;
  if (prefix.length > 0) {
    const now = clock.now();
    const [run] = await kit.store.claim({ now, functionIds: ["program"], limit: 1, leaseMs: 1 });
    const held = { now, run: run!.key, generation: run!.generation };
    await kit.store.append({ ...held, writes: prefix, resetAttempt: true });
    await kit.store.release(held);
  }
  const writes: JournalWrite[] = [...prefix];
  const { append, suspend } = kit.store;
  const noting =
    <P extends { run: RunKey; writes: readonly JournalWrite[] }, R>(write: (params: P) => R) =>
    (params: P): R => {
      if (params.run === key) writes.push(...params.writes);
      return write.call(kit.store, params);
    };
  Object.assign(kit.store, { append: noting(append), suspend: noting(suspend) });
  await kit.engine.start();
  for (;;) {
    await settle();
    const { state, output, error, finishedAt } = (await kit.store.getRun(runId))!;
    if (finishedAt !== undefined) {
      const result = output === undefined ? error?.message : (JSON.parse(output) as unknown);
      return { outcome: { state, result }, writes };
    }
    if (!clock.fireNext()) throw new Error("stuck");
  }
}

/** The steps that had a result, in the order they had it. */
const resultsOf = (writes: readonly JournalWrite[]): string[] =>
  writes
    .filter(({ entry }) => entry.state === "done" || entry.state === "failed")
    .map(({ entry }) => entry.key);

/** Results came in the same order. In the end the losers of a race may or may not be done before the run is over. */
function expectSameOrder(one: readonly JournalWrite[], other: readonly JournalWrite[]): void {
  const [a, b] = [resultsOf(one), resultsOf(other)];
  const length = Math.min(a.length, b.length);
  expect(a.slice(0, length)).toEqual(b.slice(0, length));
}

test.each(executors)(
  "a replay from every prefix of a journal gives the same result (%s)",
  { timeout: 120_000 },
  async (executor) => {
    await fc.assert(
      fc.asyncProperty(programs, async (program) => {
        const endOf = endsOnGrid(1);
        const live = await execute(program, endOf, executor);
        expect(live.outcome).toEqual(await runPlainly(program, endOf));
        for (let length = 1; length <= live.writes.length; length++) {
          const replayed = await execute(program, endOf, executor, live.writes.slice(0, length));
          expect(replayed.outcome, `from ${length} writes`).toEqual(live.outcome);
          expectSameOrder(replayed.writes, live.writes);
        }
      }),
      { numRuns: 100 },
    );
  },
);

test.each(executors)(
  "whatever became of what ended together, a replay makes the same of it (%s)",
  { timeout: 120_000 },
  async (executor) => {
    await fc.assert(
      fc.asyncProperty(programs, fc.nat(), async (program, place) => {
        const endOf = endsOnGrid(1_000);
        const live = await execute(program, endOf, executor);
        const prefix = live.writes.slice(0, 1 + (place % Math.max(1, live.writes.length)));
        const resumed = await execute(program, endOf, executor, prefix);
        expectSameOrder(resumed.writes, prefix);
        for (const { outcome, writes } of [live, resumed]) {
          const replayed = await execute(program, endOf, executor, writes);
          expect(replayed.outcome).toEqual(outcome);
          expectSameOrder(replayed.writes, writes);
        }
      }),
      { numRuns: 200 },
    );
  },
);
