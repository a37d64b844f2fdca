/** A process that executes runs of a function of some steps, and keeps the ledger. */
import { setTimeout as pause } from "node:timers/promises";
import { createLonghaul } from "../../../src/index.ts";
import { Inngest } from "../../../src/inngest/index.ts";
import { note } from "../runs-ledger.ts";
import { obey, setting, tell } from "./program.ts";

/** What the program is told. */
export interface RunsWorkerSetting {
  readonly url: string;
  readonly ledger: string;
  /** Whether it executes; otherwise it only sends. */
  readonly isWorker: boolean;
}

const { url, ledger, isWorker } = setting<RunsWorkerSetting>();
const inngest = new Inngest({ id: "faults" });

const chain = inngest.createFunction(
  { id: "chain", concurrency: { limit: 2, key: "event.data.lane" } },
  { event: "chain/started" },
  async ({ event, step }) => {
    const { key } = event.data;
    const take = async (id: string, value: number): Promise<number> => {
      const result = await step.run(id, async () => {
        note(ledger, "began", `${key} ${id}`);
        await pause(Math.random() * 4);
        return value;
      });
      note(ledger, "saw", `${key} ${id}`);
      return result;
    };
    const first = await take("first", 1);
    await step.sleep("nap", "1s");
    const [left, right] = await Promise.all([take("left", 2), take("right", 3)]);
    const last = await take("last", 4);
    return { key, sum: first + left + right + last };
  },
);

const longhaul = createLonghaul({ url, functions: [chain], concurrency: 20 });

obey({
  send: async (message) => {
    for (const key of message["keys"] as string[]) {
      note(ledger, "sending", key);
      await inngest.send({ name: "chain/started", data: { key, lane: key.at(-1) } });
      note(ledger, "sent", key);
    }
    return {};
  },
  close: async () => {
    await longhaul.close();
    process.disconnect();
  },
});
if (isWorker) await longhaul.start();
tell("ready");
