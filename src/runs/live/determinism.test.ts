import fc from "fast-check";
import { expect, test } from "vitest";
import { EngineKit } from "../../../test/support/engine-kit.ts";
import {
  endOf,
  type Program,
  programs,
  runPlainly,
  runProgram,
} from "../../../test/support/random-programs.ts";
import { VirtualClock } from "../../testing/virtual-clock.ts";
import type { FunctionDefinition } from "../definition.ts";
import { toRunEvent } from "../incoming-events.ts";
import { createStartRequest } from "../start-request.ts";
import type { JournalWrite } from "../store/run-store.ts";
import { JOURNAL, toJournal } from "../store/sqlite/journal.ts";
import type { JournalEntry } from "../types.ts";

/**
 * Random programs of steps, branches, sleeps, children and errors, executed live, end as they do in plain JavaScript;
 * and so do their replays from every prefix of the journal that the live execution wrote, whether or not those have room
 * in memory.
 */

/** Turns of the event loop without a write, after which nothing more happens at this time. */
const QUIET_TURNS = 12;

/** When the children of a program were asked for, and when they end. */
type Children = Map<string, { readonly calledAt: number; readonly dueAt: number }>;

/** Ends at its time: well, or badly. */
const child: FunctionDefinition = {
  id: "child",
  triggers: [],
  executor: "live",
  retries: 0,
  backoff: () => 0,
  handler: async (run) => {
    const { dueAt } = run.event.data as { dueAt: number };
    await run.sleepUntil("nap", dueAt);
    if (dueAt % 2 === 0) throw new Error("even");
    return dueAt;
  },
};

function functionOf(program: Program, clock: VirtualClock, children: Children): FunctionDefinition {
  return {
    id: "program",
    triggers: [],
    executor: "live",
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
        wait: async (id, dueAt) => {
          if (!children.has(id)) children.set(id, { calledAt: clock.now(), dueAt });
          const { state, output } = await run.child(id, { functionId: "child", data: { dueAt } });
          const isEven = state === "failed";
          if (!isEven && Number(output) !== children.get(id)!.dueAt) throw new Error("not its own");
          return null;
        },
      }),
  };
}

const sleepUntil = (clock: VirtualClock, at: number): Promise<void> =>
  new Promise((resolve) => clock.after(at - clock.now(), resolve));

/** A write of a journal, done again as it was at its time: before its wait was answered, and with its child. */
function again(entry: JournalEntry, children: Children): JournalWrite {
  if (entry.kind !== "child" || entry.state !== "pending") return { entry };
  const { calledAt: at, dueAt } = children.get(entry.key)!;
  const event = toRunEvent({ name: "called", data: { dueAt } }, at);
  const starts = [createStartRequest(child, [event], { now: at })];
  const { key, kind, state, attempt } = entry;
  return { entry: { key, kind, state, attempt, at }, wait: { kind: "children", starts } };
}

/** Runs a program to its end; from a prefix of a journal, as if its process had died there. */
async function execute(
  program: Program,
  children: Children,
  prefix: readonly JournalEntry[] = [],
  maxCount?: number,
) {
  const writes = prefix.map((entry) => again(entry, children));
  const clock = new VirtualClock(writes.at(-1)?.entry.at ?? 0);
  const definitions = [functionOf(program, clock, children), child];
  await using kit = EngineKit.open(definitions, { clock, liveRuns: { maxCount } });
  const settle = async (): Promise<void> => {
    for (let quiet = 0, last: unknown; quiet < QUIET_TURNS; quiet++) {
      await new Promise((resolve) => setImmediate(resolve));
      const changes = kit.sqlite.connection.sql("SELECT total_changes()").get()![0];
      if (changes !== last) quiet = 0;
      last = changes;
    }
  };
  const runId = await kit.engine.trigger("program");
  if (writes.length > 0) {
    const now = clock.now();
    const [run] = await kit.store.claim({ now, functionIds: ["program"], limit: 1, leaseMs: 1 });
    const held = { now, run: run!.key, generation: run!.generation };
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

/** All that was ever written to the journal of the program, in order. */
function writesOf(kit: EngineKit): JournalEntry[] {
  const rows = kit.sqlite.connection.sql(JOURNAL).all(1);
  return rows.map((row) => toJournal([row])[0]!);
}

/** The steps that had a result, in the order they had it. */
const resultsOf = (writes: readonly JournalEntry[]): string[] =>
  writes.filter(({ state }) => state === "done" || state === "failed").map(({ key }) => key);

test(
  "live, and replayed from every prefix of the journal, a program gives the same result",
  { timeout: 120_000 },
  async () => {
    await fc.assert(
      fc.asyncProperty(programs, async (program) => {
        const children: Children = new Map();
        const live = await execute(program, children);
        expect(live.outcome).toEqual(await runPlainly(program));
        for (let length = 1; length <= live.writes.length; length++) {
          const prefix = live.writes.slice(0, length);
          const replayed = await execute(
            program,
            children,
            prefix,
            length % 2 === 0 ? 0 : undefined,
          );
          expect(replayed.outcome, `from ${length} writes`).toEqual(live.outcome);
          expect(resultsOf(replayed.writes)).toEqual(resultsOf(live.writes));
        }
      }),
      { numRuns: 60 },
    );
  },
);
