/** A process that executes runs of a function whose second step ends when the test says so. */
import { existsSync } from "node:fs";
import { createLonghaul } from "../../../src/index.ts";
import { Inngest } from "../../../src/inngest/index.ts";
import { note } from "../runs-ledger.ts";
import { obey, setting, tell } from "./program.ts";

/** What the program is told. */
export interface HolderSetting {
  readonly url: string;
  readonly ledger: string;
  readonly name: string;
  readonly leaseMs: number;
  /**
   * A file: the body blocks the process until it is there. What the body returns is then written before the process
   * can hear of anything, so that only the store can refuse it.
   */
  readonly blockedUntil?: string;
}

const { url, ledger, name, leaseMs, blockedUntil } = setting<HolderSetting>();
const inngest = new Inngest({ id: "faults" });
let finish: () => void = () => {};
let isFirst = true;

function blockUntil(path: string): void {
  const nothing = new Int32Array(new SharedArrayBuffer(4));
  while (!existsSync(path)) Atomics.wait(nothing, 0, 0, 5);
}

const hold = inngest.createFunction(
  { id: "hold" },
  { event: "hold/started" },
  async ({ step, runId }) => {
    const first = await step.run("first", () => {
      note(ledger, "began", "first");
      return name;
    });
    const second = await step.run("second", async () => {
      note(ledger, "began", "second");
      tell("holding", { runId });
      if (isFirst && blockedUntil !== undefined) blockUntil(blockedUntil);
      else await new Promise<void>((resolve) => (finish = resolve));
      isFirst = false;
      tell("returning");
      return name;
    });
    const third = await step.run("third", () => {
      note(ledger, "began", "third");
      return name;
    });
    return { first, second, third };
  },
);

const errors: string[] = [];
const longhaul = createLonghaul({
  url,
  leaseMs,
  functions: [hold],
  onError: (error) => errors.push(String(error)),
});

obey({
  go: async () => {
    await longhaul.start();
    return {};
  },
  send: async () => {
    const [eventId] = await longhaul.send({ name: "hold/started" });
    return { eventId };
  },
  finish: () => finish(),
  errors: () => ({ errors }),
  close: async () => {
    await longhaul.close();
    process.disconnect();
  },
});
tell("ready");
