import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { named } from "../../../test/support/trigger-v2.ts";
import { tempFolder } from "../../../test/support/temp-folder.ts";
import { createLonghaul } from "../../index.ts";
import { VirtualClock } from "../../testing/virtual-clock.ts";
import { eventTrigger, invokeTrigger, TriggerClient } from "./index.ts";

/** What a program does that is started again and again: the same code, each time from the beginning. */
function program(bodies: string[]) {
  const client = new TriggerClient({ id: "app" });
  const child = client.defineJob({
    ...named("child"),
    trigger: invokeTrigger(),
    run: async ({ n }: { n: number }, io) => {
      await io.wait("wait", 3_600);
      return io.runTask("double", async () => {
        bodies.push("child");
        return n * 2;
      });
    },
  });
  client.defineJob({
    ...named("parent"),
    trigger: eventTrigger({ name: "go" }),
    run: async (payload, io) => {
      const nested = await io.runTask("outer", async () => {
        const first = await io.runTask("first", async () => bodies.push("first"));
        await io.wait("nap", 3_600);
        return first + (await io.runTask("second", async () => bodies.push("second")));
      });
      const [run, paid] = await Promise.all([
        child.invokeAndWaitForCompletion("child", { n: 4 }, 86_400),
        io.waitForEvent(
          "paid",
          { name: "paid", filter: { by: ["card"] } },
          {
            timeoutInSeconds: 86_400,
          },
        ),
      ]);
      await io.runTask("last", async () => void bodies.push("last"));
      return { nested, child: run.ok && run.output, paid: paid.payload as unknown, payload };
    },
  });
  return client;
}

test("a run goes on in the next process on the same file, and does nothing twice", async () => {
  const url = `file:${join(tempFolder(), "app.db")}`;
  const clock = new VirtualClock();
  const bodies: string[] = [];
  const during = async (
    work: (client: TriggerClient, longhaul: ReturnType<typeof createLonghaul>) => Promise<void>,
  ): Promise<void> => {
    const client = program(bodies);
    const longhaul = createLonghaul({ url, clock, functions: [client] });
    onTestFinished(() => longhaul.close());
    await longhaul.start();
    await work(client, longhaul);
    await longhaul.close();
  };
  const parent = async (client: TriggerClient) => {
    const { runs } = await client.getRuns("parent");
    return (await client.getRun(runs[0]!.id))!;
  };
  const hasTask = (client: TriggerClient, key: string) => async () => {
    const run = await parent(client);
    expect(run.status).toBe("WAITING_TO_CONTINUE");
    expect((await client.getRun(run.id, { subtasks: true, take: 50 }))!.tasks).toContainEqual(
      expect.objectContaining({ displayKey: key }),
    );
  };

  await during(async (client) => {
    await client.sendEvent({ name: "go", payload: { who: "ada" } });
    await vi.waitFor(hasTask(client, "outer"));
  });
  await clock.advance(3_600_000);
  await during(async (client) => {
    await vi.waitFor(hasTask(client, "paid"));
  });
  await clock.advance(3_600_000);
  await during(async (client) => {
    await vi.waitFor(() => expect(bodies).toContain("child"));
    await client.sendEvent({ name: "paid", payload: { by: "cash" } });
    await client.sendEvent({ name: "paid", payload: { by: "card" } });
    await vi.waitFor(async () => expect((await parent(client)).status).toBe("SUCCESS"));
    expect((await parent(client)).output).toEqual({
      nested: 3,
      child: 8,
      paid: { by: "card" },
      payload: { who: "ada" },
    });
  });
  expect(bodies).toEqual(["first", "second", "child", "last"]);
});
