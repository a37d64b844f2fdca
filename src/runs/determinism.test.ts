import fc from "fast-check";
import { expect, test } from "vitest";
import { VirtualClock } from "../testing/virtual-clock.ts";
import type { FunctionDefinition } from "./definition.ts";
import { EngineKit } from "../../test/support/engine-kit.ts";
import {
  endOf,
  type Program,
  programs,
  runPlainly,
  runProgram,
} from "../../test/support/random-programs.ts";
import { JOURNAL, toJournal } from "./store/sqlite/journal.ts";
import type { JournalEntry } from "./types.ts";

/**
 * Random programs of steps, branches, sleeps and errors end the same way however often their process dies: replayed
 * from every prefix of their journal they give the result they gave without interruption, and the one they give in
 * plain JavaScript, where each step is a promise that settles at the step's time.
 */

/** Turns of the event loop without a write, after which nothing more happens at this time. */
const QUIET_TURNS = 12;

function functionOf(program: Program, clock: VirtualClock): FunctionDefinition {
  return {
    id: "program",
    triggers: [{ event: "start" }],
    retries: 2,
    backoff: () => 0,
    handler: (run) =>
      runProgram(program, {
        now: () => clock.now(),
        run: (id, { slow, failures, value }) =>
          run.run(
            id,
            async (attempt) => {
              if (slow && attempt === 0) await sleepUntil(clock, endOf(`${id} 0`, clock.now()));
              if (attempt < failures) throw new Error(`${id} fails`);
              return value;
            },
            { backoff: (attempt) => endOf(`${id} ${attempt}`, clock.now()) - clock.now() },
          ),
        sleep: (id, dueAt) => run.sleepUntil(id, dueAt),
        wait: (id, dueAt) =>
          run.waitForEvent(id, { event: "never", timeoutMs: dueAt - clock.now() }),
      }),
  };
}

const sleepUntil = (clock: VirtualClock, at: number): Promise<void> =>
  new Promise((resolve) => clock.after(at - clock.now(), resolve));

/** Runs a program to its end; from a prefix of a journal, as if its process had died there. */
async function execute(program: Program, prefix: readonly JournalEntry[]) {
  const clock = new VirtualClock(prefix.at(-1)?.at ?? 0);
  await using kit = EngineKit.open([functionOf(program, clock)], { clock });
  const settle = async (): Promise<void> => {
    for (let quiet = 0, last: unknown; quiet < QUIET_TURNS; quiet++) {
      await new Promise((resolve) => setImmediate(resolve));
      const changes = kit.sqlite.connection.sql("SELECT total_changes()").get()![0];
      if (changes !== last) quiet = 0;
      last = changes;
    }
  };
  const runId = await kit.engine.trigger("program");
  if (prefix.length > 0) {
    const now = clock.now();
    const [run] = await kit.store.claim({ now, functionIds: ["program"], limit: 1, leaseMs: 1 });
    const held = { now, run: run!.key, generation: run!.generation };
    const writes = prefix.map((entry) => ({ entry }));
    await kit.store.append({ ...held, writes, resetAttempt: true });
    await kit.store.release(held);
  }
  await kit.engine.start();
  for (;;) {
    await settle();
    const { state, output, error, finishedAt } = (await kit.store.getRun(runId))!;
    if (finishedAt !== undefined) {
      const result = output === undefined ? error?.message : (JSON.parse(output) as unknown);
      return { outcome: { state, result }, writes: writesOf(kit) };
    }
    if (!clock.fireNext()) throw new Error("stuck");
  }
}

/** All that was ever written to the journal, in order. */
function writesOf(kit: EngineKit): JournalEntry[] {
  const rows = kit.sqlite.connection.sql(JOURNAL).all(1);
  return rows.map((row) => toJournal([row])[0]!);
}

/** The steps that had a result, in the order they had it. */
const resultsOf = (writes: readonly JournalEntry[]): string[] =>
  writes.filter(({ state }) => state === "done" || state === "failed").map(({ key }) => key);

test(
  "a replay from every prefix of a journal gives the same result",
  { timeout: 120_000 },
  async () => {
    await fc.assert(
      fc.asyncProperty(programs, async (program) => {
        const live = await execute(program, []);
        expect(live.outcome).toEqual(await runPlainly(program));
        for (let length = 1; length <= live.writes.length; length++) {
          const replayed = await execute(program, live.writes.slice(0, length));
          expect(replayed.outcome, `from ${length} writes`).toEqual(live.outcome);
          expect(resultsOf(replayed.writes)).toEqual(resultsOf(live.writes));
        }
      }),
      { numRuns: 100 },
    );
  },
);
