import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { named, serve } from "../../../test/support/trigger-v2.ts";
import { tempFolder } from "../../../test/support/temp-folder.ts";
import { createLonghaul } from "../../index.ts";
import { closeDefaultHost, eventTrigger, TriggerClient } from "./index.ts";

/** A client with a job for the event `go`. */
function listening(id: string): TriggerClient {
  const client = new TriggerClient({ id });
  client.defineJob({
    ...named("job"),
    trigger: eventTrigger({ name: "go" }),
    run: async ({ n }: { n: number }) => n,
  });
  return client;
}

function useDefaultStore(): string {
  const url = `file:${join(tempFolder(), "default.db")}`;
  vi.stubEnv("LONGHAUL_URL", url);
  onTestFinished(async () => {
    await closeDefaultHost();
    vi.unstubAllEnvs();
  });
  return url;
}

test("without a runtime, events and the runs they start are stored, for whoever serves the client", async () => {
  const url = useDefaultStore();
  const client = listening("app");
  await client.sendEvent({ name: "go", payload: { n: 1 } });
  client.defineJob({
    ...named("late"),
    trigger: eventTrigger({ name: "go" }),
    run: async () => "late",
  });
  await client.sendEvent({ name: "go", payload: { n: 2 } });
  expect((await client.getRuns("job")).runs).toMatchObject([
    { status: "QUEUED" },
    { status: "QUEUED" },
  ]);
  expect((await client.getRuns("late")).runs).toHaveLength(1);

  const longhaul = createLonghaul({ url, functions: [client] });
  onTestFinished(() => longhaul.close());
  await longhaul.start();
  const { id } = await client.sendEvent({ name: "go", payload: { n: 3 } });
  const ids = (await client.getEvent(id))!.runs.map((run) => run.id);
  expect(await Promise.all(ids.map((runId) => longhaul.waitForEnd(runId)))).toHaveLength(2);
  await vi.waitFor(async () => {
    const { runs } = await client.getRuns("job");
    expect(runs.map(({ status }) => status)).toEqual(["SUCCESS", "SUCCESS", "SUCCESS"]);
  });
});

test("a client that serves nothing sends to the runtime that serves others", async () => {
  const runtime = await serve(listening("app"));
  await new TriggerClient({ id: "sender" }).sendEvent({ name: "go", payload: { n: 1 } });
  await runtime.drain();
  expect(await runtime.runs()).toMatchObject([{ output: 1 }]);
});

test("a runtime that closes is used no more", async () => {
  const url = useDefaultStore();
  const client = listening("app");
  const longhaul = createLonghaul({ url: ":memory:", functions: [client] });
  await longhaul.close();
  await client.sendEvent({ name: "go", payload: { n: 1 } });
  const next = createLonghaul({ url });
  onTestFinished(() => next.close());
  expect(await next.listRuns()).toHaveLength(1);
});

test("a default store that cannot be opened is told to those who send", async () => {
  useDefaultStore();
  vi.stubEnv("LONGHAUL_URL", "nonsense");
  const client = listening("app");
  await expect(client.sendEvent({ name: "go" })).rejects.toMatchObject({ code: "STORE_BAD_URL" });
});
