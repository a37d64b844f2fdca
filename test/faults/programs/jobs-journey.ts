/**
 * A job of Trigger.dev's older API with all that can be interrupted: tasks in tasks that wait, branches side by side, a
 * task that is tried again, an invoked job, an event waited for, an event sent. The program starts it and stays until
 * it is over; started again after a crash, it goes on where it was.
 *
 * It goes by a clock that is faster than the machine's, so that its waits are long enough to be slept through in the
 * store.
 */
import { createLonghaul } from "../../../src/index.ts";
import { eventTrigger, invokeTrigger, TriggerClient } from "../../../src/trigger/v2/index.ts";
import { until } from "../queue-kit.ts";
import { note, wasNoted } from "../runs-ledger.ts";
import { fastClock, LEASE_MS } from "./fast-clock.ts";
import { obey, setting, tell } from "./program.ts";

const { url, ledger, clockSetAt } = setting<{ url: string; ledger: string; clockSetAt: number }>();

const clock = fastClock(clockSetAt);

/** A task's callback that keeps the ledger. */
const body =
  <T>(what: string, result: T) =>
  async (): Promise<T> => {
    note(ledger, "began", what);
    await new Promise((resolve) => setTimeout(resolve, 2));
    note(ledger, "ended", what);
    return result;
  };

const client = new TriggerClient({ id: "faults" });

const child = client.defineJob({
  id: "child",
  name: "Child",
  version: "1.0.0",
  trigger: invokeTrigger(),
  run: async ({ n }: { n: number }, io) => {
    await io.wait("nap", 2);
    const half = await io.runTask("half", body("half", n / 2));
    note(ledger, "saw", "half");
    return half;
  },
});

client.defineJob({
  id: "heard",
  name: "Heard",
  version: "1.0.0",
  trigger: eventTrigger({ name: "journey.told" }),
  run: async (payload: { first: number }) => payload.first,
});

let failures = 0;
client.defineJob({
  id: "journey",
  name: "Journey",
  version: "1.0.0",
  trigger: eventTrigger({ name: "journey.started" }),
  run: async ({ n }: { n: number }, io) => {
    const outer = await io.runTask("outer", async () => {
      const first = await io.runTask("first", body("first", n + 1));
      note(ledger, "saw", "first");
      await io.wait("nap", 2);
      const deeper = await io.runTask("deeper", async () => {
        await io.wait("nap", 2);
        return io.runTask("deepest", body("deepest", "deepest"));
      });
      note(ledger, "saw", "deepest");
      return { first, deeper };
    });
    const flaky = async (): Promise<string> => {
      note(ledger, "began", "flaky");
      if (failures++ < 1) throw new Error("flaky fails");
      note(ledger, "ended", "flaky");
      return "at last";
    };
    const retry = { limit: 9, minTimeoutInMs: 3_000, randomize: false };
    const branches = await Promise.all([
      io.parallel("all", [1, 2], async (item) => {
        await io.wait(`nap ${item}`, item * 2);
        return io.runTask(`item ${item}`, body(`item ${item}`, item * 10));
      }),
      io.runTask("flaky", flaky, { retry }),
      child.invokeAndWaitForCompletion("child", { n }, 3_600),
      io.waitForEvent("paid", { name: "journey.paid", filter: { n: [n] } }),
    ]);
    const [items, last, invoked, paid] = branches;
    for (const what of ["item 1", "item 2", "flaky"]) note(ledger, "saw", what);
    await io.sendEvent("tell", { name: "journey.told", payload: outer });
    const amount: unknown = paid.payload.amount;
    return { outer, items, last, invoked: invoked.ok && invoked.output, amount };
  },
});

const longhaul = createLonghaul({ url, clock, leaseMs: LEASE_MS, functions: [client] });
await longhaul.start();

async function sendOnce(name: string, payload: object): Promise<void> {
  if (wasNoted(ledger, "sent", name)) return;
  await client.sendEvent({ id: name, name, payload });
  note(ledger, "sent", name);
}

await sendOnce("journey.started", { n: 20 });
await until("the run waits for its event", async () => {
  const [run] = await longhaul.listRuns({ functionId: "faults-journey" });
  const journal = (run && (await longhaul.getRun(run.id)))?.journal ?? [];
  return run?.finishedAt !== undefined || journal.some(({ key }) => key === "paid");
});
await sendOnce("journey.paid", { n: 20, amount: 7 });
await until("all is over", async () => {
  const runs = await longhaul.listRuns();
  return runs.length > 2 && runs.every(({ finishedAt }) => finishedAt !== undefined);
});
const runs = (await longhaul.listRuns()).map(({ functionId, state, output, error }) => ({
  functionId,
  state,
  error: error?.message,
  output: output === undefined ? undefined : (JSON.parse(output) as unknown),
}));
tell("over", { runs });

obey({
  close: async () => {
    await longhaul.close();
    process.disconnect();
  },
});
