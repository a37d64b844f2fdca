import { expect, test } from "vitest";
import { Inngest } from "../inngest/index.ts";
import { createTestRuntime } from "../testing/index.ts";
import { task } from "./index.ts";
import { eventTrigger, TriggerClient } from "./v2/index.ts";

test("an event that any idiom sends starts the functions, tasks and jobs of every idiom", async () => {
  const started: string[] = [];
  const note = (who: string, n: unknown): void => void started.push(`${who} ${String(n)}`);

  const inngest = new Inngest({ id: "shop" });
  const fn = inngest.createFunction(
    { id: "function" },
    { event: "order/paid" },
    async ({ event }) => {
      note("function", event.data.n);
      if (event.data.n === 1) await inngest.send({ name: "order/paid", data: { n: 2 } });
    },
  );
  const ofTask = task({
    id: "task",
    on: "order/paid",
    run: async (payload: { n: number }) => note("task", payload.n),
  });
  const client = new TriggerClient({ id: "old" });
  client.defineJob({
    id: "job",
    name: "Job",
    version: "1.0.0",
    trigger: eventTrigger({ name: "order/paid" }),
    run: async (payload: { n: number }, io) => {
      note("job", payload.n);
      if (payload.n === 2) await io.sendEvent("next", { name: "order/paid", payload: { n: 3 } });
    },
  });

  await using runtime = await createTestRuntime({ functions: [fn, ofTask, client] });
  await client.sendEvent({ name: "order/paid", payload: { n: 1 } });
  await runtime.drain();
  expect(started.toSorted()).toEqual(
    ["function", "job", "task"].flatMap((who) => [1, 2, 3].map((n) => `${who} ${n}`)),
  );
});
