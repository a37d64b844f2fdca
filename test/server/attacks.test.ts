import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { Queue } from "../../src/bullmq/index.ts";
import { createPublicToken } from "../../src/server/index.ts";
import { defineConfig, task } from "../../src/trigger/index.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { openServer } from "./kit.ts";

/** What somebody may try who has a token, but not for that. */

const config = defineConfig({ project: "shop", enableConsoleLogging: false });
const search = (q: string): string => `/search/jobs?q=${encodeURIComponent(q)}`;

function open(options: Parameters<typeof openServer>[0] = {}) {
  const connection = `file:${join(tempFolder(), "store.db")}`;
  const one = task({ id: "one", run: (payload: unknown) => Promise.resolve(payload) });
  const two = task({ id: "two", run: (payload: unknown) => Promise.resolve(payload) });
  const kit = openServer(options, { url: connection, tasks: [one, two], config });
  const queue = (name: string, prefix?: string): Queue => {
    const opened = new Queue(name, { connection, ...(prefix !== undefined && { prefix }) });
    onTestFinished(() => opened.close());
    return opened;
  };
  const found = async (path: string): Promise<unknown[]> => {
    const answer = await kit.call(path, { as: "the-viewer" });
    return answer.ok ? ((await answer.json()) as { data: unknown[] }).data : [];
  };
  return { ...kit, one, queue, found };
}

test("what is hidden cannot be searched by another spelling of its name", async () => {
  const { queue, found } = open({ redact: ["password", "items.0.key"] });
  const payload = { password: "hunter2", items: [{ key: "hunter2" }], "back\\slash": "seen" };
  await queue("mail").add("login", payload);
  expect(await found(search(String.raw`data."back\slash":seen`))).toHaveLength(1);
  for (const path of [
    String.raw`"pass\u0077ord"`,
    String.raw`pass\u0077ord`,
    String.raw`pass\x77ord`,
    "items.00.key",
  ])
    expect(await found(search(`data.${path}:hunter2`))).toEqual([]);
});

test("the state of a job in short hides what is hidden, of its progress too", async () => {
  const { queue, call } = open({ redact: ["password"] });
  const job = await queue("mail").add("login", {});
  await job.updateProgress({ password: "hunter2", done: 1 });
  const answer = await call(`/jobs/mail/${job.id}`, { as: "the-viewer" });
  expect(await answer.json()).toMatchObject({ progress: { password: "[redacted]", done: 1 } });
});

test("a path from the top of a payload hides it in the event that started a task as well", async () => {
  const { call, longhaul, one } = open({ redact: ["$.user.email"] });
  await longhaul.start();
  const secret = { user: { email: "hunter2" } };
  for (const payload of [secret, { ...secret, at: new Date(0) }]) {
    const { id } = await one.trigger(payload);
    await longhaul.waitForEnd(id);
    for (const path of [`/runs/${id}`, "/events"]) {
      const answer = await call(path, { as: "the-viewer" });
      expect(answer.status).toBe(200);
      expect(await answer.text()).not.toContain("hunter2");
    }
  }
});

test("who asks makes no queues", async () => {
  const { call, found } = open();
  for (const path of ["/jobs/nothing/1", "/jobs/nothing/stats", "/queues/nothing/jobs/1"])
    await call(path, { as: "the-viewer" });
  expect(await found("/queues")).toEqual([]);
});

test("the scope of a job is not that of a job elsewhere whose name reads the same", async () => {
  const { call, queue, longhaul } = open();
  await queue("b", "a").add("secret", {}, { jobId: "c" });
  const scopes = ["read:job:a:b:c", "remove:job:a:b:c"];
  const as = await createPublicToken(longhaul, { scopes });
  for (const [method, path] of [
    ["GET", "/queues/a:b/jobs/c"],
    ["GET", "/queues/a:b/jobs/c/logs"],
    ["GET", "/jobs/a:b/c"],
    ["DELETE", "/queues/a:b/jobs/c"],
  ] as const)
    expect((await call(path, { method, as })).status).toBe(403);
});

test("who may read a queue is not shown jobs of other queues of a flow", async () => {
  const { call, queue, longhaul } = open();
  const { id } = await queue("mail").add("child", {});
  const as = await createPublicToken(longhaul, { scopes: ["read:queue:mail"] });
  expect((await call(`/queues/mail/jobs/${id}`, { as })).status).toBe(200);
  expect((await call(`/queues/mail/jobs/${id}/flow`, { as })).status).toBe(403);
});

test("who may start a task gets no token for the batch of another task by its key", async () => {
  const { call, longhaul } = open();
  const body = { items: [{ payload: 1 }], idempotencyKey: "order-1" };
  const batchOf = async (taskId: string, as: string): Promise<unknown> => {
    const answer = await call(`/tasks/${taskId}/batch`, { method: "POST", body, as });
    expect(answer.status).toBe(201);
    return ((await answer.json()) as { batchId: unknown }).batchId;
  };
  const as = await createPublicToken(longhaul, { scopes: ["trigger:task:two"] });
  await longhaul.start();
  expect(await batchOf("two", as)).not.toBe(await batchOf("one", "the-operator"));
});

test("a request that is wrong in many places is not answered with more than it sent", async () => {
  const { call } = open();
  const body = Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`k${index}`, 1]));
  const answer = await call("/queues/mail/jobs", { method: "POST", body });
  expect(answer.status).toBe(422);
  expect((await answer.text()).length).toBeLessThan(20_000);
});

test("no name of a job or a queue says anything to a reader of a live connection", async () => {
  const { call, queue, found } = open();
  const evil = "x\r\n\r\nevent: end\r\ndata: {}\u2028";
  await queue("mail").add(evil, { text: evil }, { jobId: evil });
  expect(await found(`/queues/mail/jobs/${encodeURIComponent(evil)}/logs`)).toEqual([]);
  const body = { topics: [`job:mail:${evil}`, `run:${evil}`, `tag:${evil}`, `queue:${evil}`] };
  const answer = await call("/stream", { method: "POST", body });
  const reader = answer.body!.getReader();
  onTestFinished(() => reader.cancel());
  let text = "";
  while ((text.match(/^event: snapshot$/gm) ?? []).length < body.topics.length)
    text += Buffer.from((await reader.read()).value!).toString();
  expect(text).not.toContain("\r");
  expect(text).not.toMatch(/^event: end/m);
});
