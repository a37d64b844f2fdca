/** A process that executes a task with a step, a wait, a child, a batch and a token, and keeps the ledger. */
import { createLonghaul } from "../../../src/index.ts";
import { defineConfig, step, task, wait } from "../../../src/trigger/index.ts";
import { note } from "../runs-ledger.ts";
import { obey, setting, tell } from "./program.ts";

/** What the program is told. */
export interface TasksWorkerSetting {
  readonly url: string;
  readonly ledger: string;
}

const { url, ledger } = setting<TasksWorkerSetting>();
/** Long enough for the test to see it, on a busy machine too. */
const WAIT = { seconds: 2 };

const square = task({
  id: "square",
  run: async (n: number) => {
    await wait.for(WAIT);
    return step.run("square", () => {
      note(ledger, "began", `square ${n}`);
      return n * n;
    });
  },
});

const journey = task({
  id: "journey",
  run: async (n: number) => {
    note(ledger, "began", "code");
    const charge = await step.run("charge", () => {
      note(ledger, "began", "charge");
      return { at: new Date(0) };
    });
    await wait.for(WAIT);
    const one = await square.triggerAndWait(n).unwrap();
    const { runs } = await square.batchTriggerAndWait([{ payload: n + 1 }, { payload: n + 2 }]);
    const token = await wait.createToken({ timeout: "1h" });
    const answer = await wait.forToken<string>(token).unwrap();
    return { charge, all: [one, ...runs.map((run) => run.ok && run.output)], answer };
  },
});

const config = defineConfig({ project: "faults", enableConsoleLogging: false });
const longhaul = createLonghaul({ url, config, tasks: [square, journey] });

obey({
  trigger: async () => ({ id: (await journey.trigger(5)).id }),
  complete: async (message) => wait.completeToken(message["token"] as string, "approved"),
  close: async () => {
    await longhaul.close();
    process.disconnect();
  },
});
await longhaul.start();
tell("ready");
