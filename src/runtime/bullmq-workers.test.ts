import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { tempFolder } from "../../test/support/temp-folder.ts";
import { Queue, Worker } from "../bullmq/index.ts";
import { Inngest } from "../inngest/index.ts";
import { createLonghaul } from "./longhaul.ts";

test("a queue's worker and a function share a runtime, a file and its commits", async () => {
  const url = `file:${join(tempFolder(), "app.db")}`;
  const inngest = new Inngest({ id: "shop" });
  const queue = new Queue("mail", { connection: url });
  onTestFinished(() => queue.close());
  const order = inngest.createFunction(
    { id: "order" },
    { event: "order/placed" },
    async ({ event, step }) => {
      // Together: a wait is stored before a body runs that may bring what it waits for.
      const [sent] = await Promise.all([
        step.waitForEvent("sent", { event: "mail/sent", match: "data.id", timeout: "1m" }),
        step.run("queue-mail", async () => void (await queue.add("confirm", event.data))),
      ]);
      return sent?.data.to;
    },
  );
  const longhaul = createLonghaul({
    url,
    functions: [order],
    workers: [
      ({ connection }) =>
        new Worker(
          "mail",
          async ({ data }) => {
            await inngest.send({ name: "mail/sent", data: { id: data.id, to: "ada" } });
          },
          { connection, autorun: false },
        ),
      ({ connection }) => new Worker("other", async () => {}, { connection }),
    ],
  });
  onTestFinished(() => longhaul.close());
  await longhaul.start();
  const { ids } = await inngest.send({ name: "order/placed", data: { id: 7 } });
  const [run] = await longhaul.runsOfEvent(ids[0]!);
  expect(await longhaul.waitForEnd(run!.id)).toBe("completed");
  expect((await longhaul.getRun(run!.id))!.output).toBe('"ada"');
  expect(await longhaul.health()).toMatchObject({ ok: true, workers: 2 });
  await longhaul.close();
  // The file is still the queue's.
  expect(await queue.getJobCounts("completed")).toEqual({ completed: 1 });
});
