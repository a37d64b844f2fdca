/**
 * A function with everything that can be interrupted, and the program that starts it, gives it what it waits for, and
 * stays until it is over. Started again after a crash, it goes on where it was: the ledger says what it has sent.
 *
 * It goes by a clock that is faster than the machine's, so that what has to be long enough to be slept through in the
 * store takes some hundredths of a second.
 */
import { createLonghaul } from "../../../src/index.ts";
import { Inngest } from "../../../src/inngest/index.ts";
import { until } from "../queue-kit.ts";
import { note, wasNoted } from "../runs-ledger.ts";
import { logCommits } from "./commit-log.ts";
import { fastClock, LEASE_MS } from "./fast-clock.ts";
import { obey, setting, tell } from "./program.ts";

/** What the program is told. */
export interface JourneySetting {
  /** The databases to make the journey in, all at once. */
  readonly places: readonly { readonly url: string; readonly ledger: string }[];
  /** When the fast clock was right, epoch ms. */
  readonly clockSetAt: number;
}

const { places, clockSetAt } = setting<JourneySetting>();

const clock = fastClock(clockSetAt);
const commits = logCommits();
const ignore = (): void => {};
const silent = { info: ignore, warn: ignore, error: ignore, debug: ignore };

async function travel({ url, ledger }: JourneySetting["places"][number]) {
  const inngest = new Inngest({ id: "faults", logger: silent });

  /** A body that keeps the ledger. */
  const body =
    <T>(what: string, result: T) =>
    async (): Promise<T> => {
      note(ledger, "began", what);
      // Parallel bodies overlap.
      await new Promise((resolve) => setTimeout(resolve, 2));
      note(ledger, "ended", what);
      return result;
    };

  /** One that fails at first: until its attempt is on record, it is the first that fails. */
  const failing = (what: string, failures: number, retries: number) => {
    let calls = 0;
    return {
      retries,
      body: () => {
        note(ledger, "began", what);
        if (calls++ < failures) throw new Error(`${what} fails`);
        note(ledger, "ended", what);
        return "at last";
      },
    };
  };
  const flaky = failing("journey flaky", 1, 4);
  const tiring = failing("journey tiring", 1, 4);
  const hopeless = failing("journey hopeless", Infinity, 1);

  const child = inngest.createFunction(
    { id: "child" },
    { event: "never/sent" },
    async ({ event, step }) => {
      const half = await step.run("half", body("child half", event.data.n / 2));
      return { half };
    },
  );

  const heard = inngest.createFunction(
    { id: "heard" },
    { event: "journey/halfway" },
    async ({ step }) => step.run("ear", body("heard ear", "heard")),
  );

  const journey = inngest.createFunction(
    { id: "journey" },
    { event: "journey/started" },
    async ({ event, step }) => {
      const first = await step.run("first", body("journey first", event.data.n + 1));
      await step.sleep("nap", "4s");
      const branches = await Promise.all([
        step.run("left", body("journey left", "left")),
        step.run("right", body("journey right", "right")),
        // Tried again soon, which is waited for in memory, and late, which is not.
        step.run({ id: "flaky", retries: flaky.retries, backoff: [10] }, flaky.body),
        step.run({ id: "tiring", retries: tiring.retries, backoff: [6_000] }, tiring.body),
        step
          .run({ id: "hopeless", retries: hopeless.retries, backoff: [10] }, hopeless.body)
          .catch((error: unknown) => (error as Error).message),
      ]);
      const paid = await step.waitForEvent("paid", {
        event: "journey/paid",
        match: "data.n",
        timeout: "1h",
      });
      await step.sendEvent("tell", { name: "journey/halfway", data: {} });
      const invoked = await step.invoke("call", { function: child, data: { n: event.data.n } });
      const quickest = await Promise.race([
        step.sleep("for-ever", "30d").then(() => "slept"),
        step.run("quick", body("journey quick", "quick")),
      ]);
      return { first, branches, paid: paid?.data.amount, invoked, quickest };
    },
  );

  const longhaul = createLonghaul({
    ...{ url, clock, leaseMs: LEASE_MS },
    functions: [journey, child, heard],
  });
  await longhaul.start();

  async function sendOnce(id: string, name: string, data: object): Promise<void> {
    if (wasNoted(ledger, "sent", id)) return;
    note(ledger, "sending", id);
    await inngest.send({ id, name, data });
    note(ledger, "sent", id);
  }

  const theRun = async () => {
    const [run] = await longhaul.listRuns({ functionId: "faults-journey" });
    return run && longhaul.getRun(run.id);
  };

  await sendOnce("start", "journey/started", { n: 20 });
  await until("the run waits for its event", async () => {
    const run = await theRun();
    const wait = run?.journal.find(({ key }) => key === "paid");
    return run?.finishedAt !== undefined || wait !== undefined;
  });
  await sendOnce("paid", "journey/paid", { n: 20, amount: 7 });
  await until("all is over", async () => {
    const runs = await longhaul.listRuns();
    return runs.length > 2 && runs.every(({ finishedAt }) => finishedAt !== undefined);
  });
  const runs = (await longhaul.listRuns()).map(({ functionId, state, output, error }) => ({
    functionId,
    state,
    output: output === undefined ? undefined : JSON.parse(output),
    error: error?.message,
  }));
  return { longhaul, runs };
}

const journeys = await Promise.all(places.map(travel));
tell("over", { runs: journeys.map(({ runs }) => runs), commits });

obey({
  close: async () => {
    await Promise.all(journeys.map(({ longhaul }) => longhaul.close()));
    process.disconnect();
  },
});
