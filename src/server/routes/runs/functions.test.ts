import { describe, expect, test } from "vitest";
import { z } from "zod";
import { join } from "node:path";
import { tempFolder } from "../../../../test/support/temp-folder.ts";
import { createLonghaul } from "../../../index.ts";
import { newInngest, startRuns } from "../../../../test/server/run-kit.ts";
import { schemaTask, task } from "../../../trigger/index.ts";

const mail = schemaTask({
  id: "mail",
  schema: z.object({ to: z.string() }),
  queue: { name: "mails", concurrencyLimit: 3 },
  run: async ({ to }) => to,
});
const plain = task({ id: "plain", run: async (payload: unknown) => ({ payload }) });
const newOrder = () =>
  newInngest().createFunction(
    {
      id: "order",
      name: "Orders",
      triggers: [
        { event: "shop/order", if: "event.data.n > 0" },
        { cron: "TZ=Europe/Paris 0 9 * * *" },
      ],
      concurrency: { limit: 2, key: "event.data.user" },
    },
    async ({ event }) => ({ name: event.name, n: (event.data as { n?: number }).n ?? null }),
  );

test("functions are listed with what they say, and what came of their runs", async () => {
  const kit = await startRuns({ functions: [newOrder()], tasks: [mail, plain] });
  await kit.post("/events", { name: "shop/order", data: { n: 1 } });
  const { data } = await kit.get("/functions");
  const order = data.find(({ name }: { name: string }) => name === "Orders");
  expect(order).toMatchObject({
    kind: "function",
    triggers: [
      { event: "shop/order", if: "event.data.n > 0" },
      { cron: "TZ=Europe/Paris 0 9 * * *" },
    ],
    flowControl: { concurrency: [{ limit: 2, key: "event.data.user" }] },
    executor: "replay",
    isHere: true,
  });
  await kit.ended(order.lastRun?.id ?? (await kit.get("/runs")).data[0].id);
  const found = await kit.get(`/functions/${encodeURIComponent(order.id)}`);
  expect(found.counts).toEqual({ completed: 1 });
  expect(found.lastRun.state).toBe("completed");
  const { data: tasks } = await kit.get("/tasks");
  expect(tasks.map(({ id }: { id: string }) => id)).toEqual(["mail", "plain"]);
  expect(tasks[0]).toMatchObject({ kind: "task", queue: "mails", executor: "live" });
  expect(await kit.get("/tasks/mail")).toEqual(tasks[0]);
  const first = await kit.get("/tasks?limit=1");
  expect((await kit.get(`/tasks?limit=1&cursor=${first.page.next}`)).data[0].id).toBe("plain");
  expect(await kit.refusal(`/tasks/${encodeURIComponent(order.id)}`)).toEqual([
    404,
    "SERVER_NOT_FOUND",
  ]);
  expect(await kit.refusal("/functions/none")).toEqual([404, "SERVER_NOT_FOUND"]);
});

test("a function is served while a process that executes it is open; its runs say what they wait for", async () => {
  const url = `file:${join(tempFolder(), "jobs.db")}`;
  const kit = await startRuns({ url });
  const worker = createLonghaul({ url, tasks: [plain] });
  await worker.start();
  expect(await kit.get("/tasks/plain")).toMatchObject({ processes: 1, isHere: false });
  await worker.close();
  // The store is shared in this process, and closes with the last who has it.
  await kit.server.close();
  await kit.longhaul.close();
  const later = await startRuns({ url });
  expect(await later.get("/tasks/plain")).toMatchObject({ processes: 0 });
  const { id } = await later.post("/tasks/plain/trigger", {});
  expect((await later.get(`/runs/${id}`)).waitsFor).toMatchObject([{ kind: "unserved", ahead: 0 }]);
});

describe("invoke", () => {
  test("starts a function with data, once for a key, and later with a delay", async () => {
    const kit = await startRuns({ functions: [newOrder()] });
    const [{ id: functionId }] = (await kit.get("/functions")).data;
    const path = `/functions/${encodeURIComponent(functionId)}/invoke`;
    const body = { data: { n: 5 }, idempotencyKey: "five", tags: "a" };
    const { id } = await kit.post(path, body);
    expect(await kit.ended(id)).toMatchObject({
      payload: { n: 5 },
      output: { name: "inngest/function.invoked", n: 5 },
      tags: ["a"],
    });
    expect(await kit.post(path, body)).toMatchObject({ id, isCached: true });
    const later = await kit.post(path, { delay: "1h" });
    expect((await kit.get(`/runs/${later.id}`)).state).toBe("delayed");
    const refusal = await kit.refusal("/functions/none/invoke", { method: "POST", body: {} });
    expect(refusal).toEqual([404, "RUNS_UNKNOWN_FUNCTION"]);
  });

  test("is told when the function's rate limit refuses it", async () => {
    const limited = newInngest().createFunction(
      { id: "limited", triggers: [], rateLimit: { limit: 1, period: "1h" } },
      async () => {},
    );
    const kit = await startRuns({ functions: [limited] });
    const [{ id: functionId }] = (await kit.get("/functions")).data;
    const path = `/functions/${encodeURIComponent(functionId)}/invoke`;
    await kit.post(path, {});
    for (let calls = 0; calls < 20; calls++) {
      const answer = await kit.call(path, { method: "POST", body: {} });
      if (answer.status === 201) continue;
      expect([answer.status, (await answer.json()).code]).toEqual([429, "RUNS_START_REFUSED"]);
      return;
    }
    expect.unreachable("the limit never refused");
  });
});

describe("trigger", () => {
  test("holds the payload to the schema of the task", async () => {
    const kit = await startRuns({ tasks: [mail] });
    const body = { payload: { to: 1 } };
    const answer = await kit.call("/tasks/mail/trigger", { method: "POST", body });
    expect(answer.status).toBe(422);
    expect((await answer.json()).errors[0].pointer).toBe("#/payload");
    const { id } = await kit.post("/tasks/mail/trigger", { payload: { to: "ada" } });
    expect(await kit.ended(id)).toMatchObject({ queue: "mails", output: "ada" });
  });

  test("takes the options of tasks.trigger, and refuses what they would", async () => {
    const kit = await startRuns({ tasks: [plain] });
    const { id } = await kit.post("/tasks/plain/trigger", {
      payload: [1],
      options: {
        ...{ delay: "2h", ttl: "10m", queue: "slow", concurrencyKey: "ada", maxAttempts: 2 },
        ...{ priority: 10, maxDuration: 60, test: true, metadata: { a: 1 } },
      },
    });
    expect(await kit.get(`/runs/${id}`)).toMatchObject({
      ...{ state: "delayed", queue: "slow", maxAttempts: 2, isTest: true, metadata: { a: 1 } },
      payload: [1],
    });
    const refused = async (options: object): Promise<unknown> =>
      kit.refusal("/tasks/plain/trigger", { method: "POST", body: { options } });
    for (const options of [
      { queue: "" },
      { maxDuration: 1 },
      { delay: "soon" },
      { region: "eu" },
      { tags: Array.from({ length: 11 }, (_, n) => `t${n}`) },
    ])
      expect(await refused(options)).toEqual([422, "SERVER_INVALID_REQUEST"]);
    expect(await refused({ delay: "1h", debounce: { key: "k", delay: "5s" } })).toEqual([
      ...[400, "TASK_BAD_TRIGGER"],
    ]);
  });

  test("a batch starts all or none; with its key, once", async () => {
    const kit = await startRuns({ tasks: [mail] });
    const bad = { items: [{ payload: { to: "ada" } }, { payload: {} }] };
    const refusal = await kit.refusal("/tasks/mail/batch", { method: "POST", body: bad });
    expect(refusal).toEqual([422, "SERVER_INVALID_REQUEST"]);
    expect((await kit.get("/runs")).data).toEqual([]);
    const body = { items: ["ada", "bob"].map((to) => ({ payload: { to } })), idempotencyKey: "b" };
    const { batchId, runs, publicToken } = await kit.post("/tasks/mail/batch", body);
    for (const { id } of runs) await kit.ended(id);
    expect(await kit.get(`/batches/${batchId}`, { as: publicToken })).toMatchObject({
      state: "completed",
      runCount: 2,
      runIds: runs.map(({ id }: { id: string }) => id),
      counts: { completed: 2 },
    });
    const again = await kit.post("/tasks/mail/batch", body);
    expect(again.batchId).toBe(batchId);
    expect(again.runs.map(({ isCached }: { isCached: boolean }) => isCached)).toEqual([true, true]);
    expect(await kit.refusal("/batches/none")).toEqual([404, "SERVER_NOT_FOUND"]);
  });
});
