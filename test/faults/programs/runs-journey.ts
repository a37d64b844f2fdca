/**
 * A function with everything that can be interrupted, and the program that starts it, gives it what it waits for, and
 * stays until it is over. Started again after a crash, it goes on where it was: the ledger says what it has sent.
 */
import { createLonghaul } from "../../../src/index.ts";
import { Inngest } from "../../../src/inngest/index.ts";
import { SqliteStore } from "../../../src/storage/sqlite/store.ts";
import { until } from "../queue-kit.ts";
import { note, wasNoted } from "../runs-ledger.ts";
import { obey, setting, tell } from "./program.ts";

/** What the program is told. */
export interface JourneySetting {
  readonly url: string;
  readonly ledger: string;
}

const { url, ledger } = setting<JourneySetting>();

/** How often each kind of transaction was asked for: these are the commit points. */
const passes: Record<string, number> = {};
const write = SqliteStore.prototype.write;
SqliteStore.prototype.write = function (label, operation) {
  passes[label] = (passes[label] ?? 0) + 1;
  return write.call(this, label, operation) as Promise<never>;
};

const inngest = new Inngest({ id: "faults" });

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

const child = inngest.createFunction(
  { id: "child" },
  { event: "never/sent" },
  async ({ event, step }) => {
    const half = await step.run("half", body("child half", event.data.n / 2));
    return { half };
  },
);

let flakyAttempts = 0;

const journey = inngest.createFunction(
  { id: "journey", backoff: [10] },
  { event: "journey/started" },
  async ({ event, step }) => {
    const first = await step.run("first", body("journey first", event.data.n + 1));
    await step.sleep("nap", "1.1s");
    const branches = await Promise.all([
      step.run("left", body("journey left", "left")),
      step.run("right", body("journey right", "right")),
      step.run("flaky", async () => {
        note(ledger, "began", "journey flaky");
        if (flakyAttempts++ === 0) throw new Error("not yet");
        note(ledger, "ended", "journey flaky");
        return "at last";
      }),
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

const longhaul = createLonghaul({ url, functions: [journey, child] });
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
await until("the run is over", async () => (await theRun())?.finishedAt !== undefined);
const runs = (await longhaul.listRuns()).map(({ functionId, state, output, error }) => ({
  functionId,
  state,
  output: output === undefined ? undefined : JSON.parse(output),
  error: error?.message,
}));
tell("over", { runs, passes });

obey({
  close: async () => {
    await longhaul.close();
    process.disconnect();
  },
});
