/**
 * A task with every wait there is: a time, a child, children side by side, a batch, a token. The program starts it, has
 * its token completed, and stays until it is over; started again after a crash, it goes on where it was.
 */
import { setTimeout as pause } from "node:timers/promises";
import { createLonghaul } from "../../../src/index.ts";
import { defineConfig, step, task, wait } from "../../../src/trigger/index.ts";
import { unpackText } from "../../../src/trigger/payload.ts";
import { SqliteRunStore } from "../../../src/runs/store/sqlite/sqlite-run-store.ts";
import { SqliteStore } from "../../../src/storage/sqlite/store.ts";
import { until } from "../queue-kit.ts";
import { note, readNotes, wasNoted } from "../runs-ledger.ts";
import { logCommits } from "./commit-log.ts";
import { fastClock, LEASE_MS } from "./fast-clock.ts";
import { obey, setting, tell } from "./program.ts";

/** What the program is told. */
export interface TasksJourneySetting {
  /** The databases to make the journey in, all at once. */
  readonly places: readonly {
    readonly url: string;
    readonly path: string;
    readonly ledger: string;
  }[];
  /** When the fast clock was right, epoch ms. */
  readonly clockSetAt: number;
}

const WAIT = { seconds: 3 };
/** Side by side, in an order that is another in each process. */
const JITTER_MS = 60;
const START = "journey/started";
const APPROVE = "journey/approve";

const { places, clockSetAt } = setting<TasksJourneySetting>();
const clock = fastClock(clockSetAt);
const commits = logCommits();

async function travel({ url, path, ledger }: TasksJourneySetting["places"][number]) {
  /** A step that keeps the ledger. */
  const noted = <T>(what: string, result: T): Promise<T> =>
    step.run(what, async () => {
      note(ledger, "began", what);
      await pause(2);
      note(ledger, "ended", what);
      return result;
    });

  const square = task({
    id: "square",
    run: async (n: number) => {
      // One of them, so that a kill at each commit is soon done.
      if (n === 4) await wait.for(WAIT);
      return noted(`square ${n}`, n * n);
    },
  });

  const approve = task({
    id: "approve",
    on: APPROVE,
    run: async ({ token }: { token: string }) => wait.completeToken(token, "approved"),
  });

  const journey = task({
    id: "journey",
    on: START,
    run: async ({ n }: { n: number }) => {
      const charge = await noted("charge", new Date(0));
      await wait.for(WAIT);
      const child = await square.triggerAndWait(n).unwrap();
      const children = await Promise.all(
        [1, 2].map(async (more) => {
          await pause(Math.random() * JITTER_MS);
          return square.triggerAndWait(n + more).unwrap();
        }),
      );
      const { runs } = await square.batchTriggerAndWait([{ payload: n + 3 }, { payload: n + 4 }]);
      const token = await wait.createToken({ timeout: "30d" });
      note(ledger, "sending", token.id);
      const answer = await wait.forToken<string>(token).unwrap();
      return { charge, child, children, batch: runs.map((run) => run.ok && run.output), answer };
    },
  });

  const config = defineConfig({ project: "faults", enableConsoleLogging: false });
  const longhaul = createLonghaul({
    ...{ url, clock, config, leaseMs: LEASE_MS },
    tasks: [journey, square, approve],
  });
  await longhaul.start();

  async function sendOnce(name: string, data: object): Promise<void> {
    if (wasNoted(ledger, "sent", name)) return;
    await longhaul.send({ id: name, name, data });
    note(ledger, "sent", name);
  }

  await sendOnce(START, { n: 4 });
  const handedOut = () => readNotes(ledger).find(({ kind }) => kind === "sending")?.what;
  await until("a token is handed out", () => handedOut() !== undefined);
  // Nobody knows of other tokens than the first.
  await sendOnce(APPROVE, { token: handedOut() });
  await until("all is over", async () => {
    const runs = await longhaul.listRuns();
    const isJourneyOver = runs.some((run) => run.functionId === "journey" && run.finishedAt);
    return isJourneyOver && runs.every(({ finishedAt }) => finishedAt !== undefined);
  });
  const runs = (await longhaul.listRuns()).map(({ functionId, state, output, error }) => ({
    functionId,
    state,
    error: error?.message,
    // With its dates as text.
    output: JSON.parse(JSON.stringify(unpackText(output))) as unknown,
  }));
  return { longhaul, runs, tokens: await countTokens(path) };
}

async function countTokens(path: string): Promise<number> {
  const sqlite = SqliteStore.open({ path });
  const store = new SqliteRunStore(sqlite);
  const tokens = await store.stores.tokens.list({ limit: 10 });
  await store.close();
  await sqlite.close();
  return tokens.length;
}

const journeys = await Promise.all(places.map(travel));
tell("over", { journeys: journeys.map(({ runs, tokens }) => ({ runs, tokens })), commits });

obey({
  close: async () => {
    await Promise.all(journeys.map(({ longhaul }) => longhaul.close()));
    process.disconnect();
  },
});
