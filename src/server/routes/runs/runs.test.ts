import { expect, onTestFinished, test } from "vitest";
import { define } from "../../../../test/support/engine-kit.ts";
import { Gate } from "../../../../test/support/gate.ts";
import { RunEngine } from "../../../runs/engine.ts";
import { SqliteRunStore } from "../../../runs/store/sqlite/sqlite-run-store.ts";
import { SqliteStore } from "../../../storage/sqlite/store.ts";
import { newInngest, startRuns } from "../../../../test/server/run-kit.ts";
import { logger, metadata, streams, task, wait } from "../../../trigger/index.ts";
import { tempFolder } from "../../../../test/support/temp-folder.ts";
import { join } from "node:path";

const double = task({
  id: "double",
  run: async ({ n }: { n: number }) => {
    logger.info("doubling", { n });
    return { n: n * 2, at: new Date(0) };
  },
});
const failing = task({
  id: "failing",
  retry: { maxAttempts: 1 },
  run: async () => {
    throw new RangeError("no");
  },
});
const sleeper = task({ id: "sleeper", run: async () => wait.for({ days: 1 }) });

test("a run shows what it was given and what it came to as plain JSON", async () => {
  const kit = await startRuns({ tasks: [double] });
  const { id, isCached, publicToken } = await kit.post("/tasks/double/trigger", {
    payload: { n: 4 },
    options: { tags: ["a"], metadata: { step: 1 }, idempotencyKey: "k" },
  });
  expect(isCached).toBe(false);
  const run = await kit.ended(id);
  expect(run).toMatchObject({
    id,
    functionId: "double",
    state: "completed",
    payload: { n: 4 },
    output: { n: 8, at: "1970-01-01T00:00:00.000Z" },
    tags: ["a"],
    metadata: { step: 1 },
    error: null,
    waitsFor: [],
    idempotencyKey: "k",
  });
  expect(Date.parse(run.finishedAt)).toBeGreaterThanOrEqual(Date.parse(run.createdAt));
  // The token of the answer reads this run, and no other.
  const asBrowser = { as: publicToken };
  expect((await kit.call(`/runs/${id}`, asBrowser)).status).toBe(200);
  const other = await kit.post("/tasks/double/trigger", { payload: { n: 1 } });
  expect((await kit.call(`/runs/${other.id}`, asBrowser)).status).toBe(403);
  const again = await kit.post("/tasks/double/trigger", {
    payload: { n: 4 },
    options: { idempotencyKey: "k" },
  });
  expect(again).toMatchObject({ id, isCached: true });
});

test("a failed run shows its error, in lists without the stack", async () => {
  const kit = await startRuns({ tasks: [failing] });
  const { id } = await kit.post("/tasks/failing/trigger", {});
  const run = await kit.ended(id);
  expect(run).toMatchObject({ state: "failed", output: null, payload: {} });
  expect(run.error).toMatchObject({ name: "RangeError", message: "no", code: null });
  expect(run.error.stack).toContain("RangeError: no");
  const { data } = await kit.get("/runs?state=failed");
  expect(data[0].error).toEqual({ name: "RangeError", message: "no", code: null });
});

test("lists are paged, and filtered by all that is said", async () => {
  const kit = await startRuns({ tasks: [double, failing] });
  const ids: string[] = [];
  for (const n of [1, 2, 3]) {
    const options = { tags: [`user-${n % 2}`] };
    const { id } = await kit.post("/tasks/double/trigger", { payload: { n }, options });
    ids.push(id);
    await kit.ended(id);
  }
  await kit.ended((await kit.post("/tasks/failing/trigger", {})).id);
  const idsOf = async (query: string): Promise<string[]> =>
    (await kit.get(`/runs?${query}`)).data.map(({ id }: { id: string }) => id);
  const [one, two, three] = ids;
  expect(await idsOf("functionId=double")).toEqual([three, two, one]);
  expect(await idsOf("tag=user-1")).toEqual([three, one]);
  expect(await idsOf("functionId=double,failing&state=completed&tag=user-0")).toEqual([two]);
  expect(await idsOf("functionId=double&to=2020-01-01")).toEqual([]);
  const first = await kit.get("/runs?functionId=double&limit=2");
  expect(first.data.map(({ id }: { id: string }) => id)).toEqual([three, two]);
  const rest = await kit.get(`/runs?functionId=double&limit=2&cursor=${first.page.next}`);
  expect(rest.data.map(({ id }: { id: string }) => id)).toEqual([one]);
  expect(rest.page.next).toBeNull();
  expect(await kit.refusal("/runs?state=done")).toEqual([422, "SERVER_INVALID_REQUEST"]);
  expect(await kit.refusal("/runs?cursor=x")).toEqual([400, "SERVER_BAD_CURSOR"]);
});

test("scopes of a tag, a batch or a function let a browser read just their runs", async () => {
  const kit = await startRuns({ tasks: [double] });
  const { batchId, runs } = await kit.post("/tasks/double/batch", {
    items: [{ payload: { n: 1 }, options: { tags: ["mine"] } }, { payload: { n: 2 } }],
  });
  const [mine, other] = runs.map(({ id }: { id: string }) => id);
  const tokenFor = async (scope: string): Promise<string> =>
    (await kit.post("/public-tokens", { scopes: [scope] })).token;
  const statusOf = async (as: string, path: string): Promise<number> =>
    (await kit.call(path, { as })).status;
  const byTag = await tokenFor("read:tag:mine");
  expect(await statusOf(byTag, `/runs/${mine}`)).toBe(200);
  expect(await statusOf(byTag, `/runs/${mine}/logs`)).toBe(200);
  expect(await statusOf(byTag, `/runs/${other}`)).toBe(403);
  expect(await statusOf(byTag, "/runs?tag=mine")).toBe(200);
  expect(await statusOf(byTag, "/runs?tag=mine,other")).toBe(403);
  expect(await statusOf(byTag, "/runs")).toBe(403);
  const byBatch = await tokenFor(`read:batch:${batchId}`);
  expect(await statusOf(byBatch, `/runs/${other}`)).toBe(200);
  expect(await statusOf(byBatch, `/batches/${batchId}`)).toBe(200);
  const byFunction = await tokenFor("read:function:double");
  expect(await statusOf(byFunction, `/runs/${other}/trace`)).toBe(200);
  expect(await statusOf(byFunction, "/functions/double")).toBe(200);
  // A run that is not there says no more than one that is not theirs.
  expect(await statusOf(byTag, "/runs/run_none")).toBe(403);
});

test("a long poll answers when the run is over, when the time is, and when the server closes", async () => {
  const kit = await startRuns({ tasks: [double, sleeper] });
  const { id } = await kit.post("/tasks/sleeper/trigger", {});
  expect((await kit.get(`/runs/${id}?wait=20ms`)).state).not.toBe("completed");
  expect(await kit.refusal(`/runs/${id}?wait=2h`)).toEqual([422, "SERVER_INVALID_REQUEST"]);
  const preferred = kit.get(`/runs/${id}`, { headers: { prefer: "wait=60" } });
  await kit.longhaul.cancel(id);
  expect((await preferred).state).toBe("canceled");
  const second = await kit.post("/tasks/sleeper/trigger", {});
  const hanging = kit.get(`/runs/${second.id}?wait=60s`);
  await kit.get("/healthz");
  await kit.server.close();
  expect(["queued", "running", "waiting"]).toContain((await hanging).state);
});

test("in a file, with the reader in its thread, it is the same", async () => {
  const kit = await startRuns({ url: `file:${join(tempFolder(), "jobs.db")}`, tasks: [double] });
  const { id } = await kit.post("/tasks/double/trigger", { payload: { n: 2 } });
  expect((await kit.ended(id)).output).toMatchObject({ n: 4 });
  expect((await kit.get("/runs")).data).toHaveLength(1);
});

test("a server that executes nothing starts, follows and ends runs of another process", async () => {
  const path = join(tempFolder(), "jobs.db");
  const kit = await startRuns({ url: `file:${path}` });
  const gate = new Gate();
  const sqlite = SqliteStore.open({ path });
  const worker = new RunEngine({ store: new SqliteRunStore(sqlite) });
  onTestFinished(async () => {
    await worker.close();
    await sqlite.close();
  });
  worker.register([define("elsewhere", () => gate.pass())]);
  await worker.start();
  expect(await kit.get("/functions/elsewhere")).toMatchObject({ processes: 1, isHere: false });
  const { id } = await kit.post("/functions/elsewhere/invoke", {});
  const over = kit.ended(id);
  await gate.reached;
  expect((await kit.get(`/runs/${id}`)).state).toBe("running");
  gate.open();
  expect((await over).state).toBe("completed");
});

test("what a run waits for is said", async () => {
  const inngest = newInngest();
  const order = inngest.createFunction(
    { id: "order", triggers: [{ event: "shop/order" }], concurrency: 1 },
    async ({ step }) => {
      await step.waitForEvent("paid", { event: "shop/paid", timeout: "1d" });
    },
  );
  const kit = await startRuns({ functions: [order], tasks: [sleeper] });
  const { id: sleeping } = await kit.post("/tasks/sleeper/trigger", {
    options: { delay: "1h" },
  });
  const delayed = await kit.get(`/runs/${sleeping}`);
  expect(delayed.waitsFor).toMatchObject([{ kind: "delayed", until: delayed.dueAt }]);
  const { ids } = await kit.post("/events", { name: "shop/order", data: {} });
  const { runs } = await kit.get(`/events/${ids[0]}`);
  const runId = runs[0].id as string;
  for await (const { state } of kit.runStores.runs.watchRun(runId)) if (state === "waiting") break;
  const { waitsFor } = await kit.get(`/runs/${runId}`);
  expect(waitsFor).toMatchObject([{ kind: "event", name: "shop/paid", step: expect.any(String) }]);
});

test("steps, trace, logs and streams of a run come window by window", async () => {
  const parts = streams.define<{ n: number }>({ id: "parts" });
  const child = task({ id: "child", run: async (n: number) => ({ n, password: "x" }) });
  const parent = task({
    id: "parent",
    run: async () => {
      metadata.set("state", "working");
      await parts.append({ n: 1 });
      await logger.trace("measured", async () => logger.warn("inside", { password: "secret" }));
      await child.triggerAndWait(1);
      await child.triggerAndWait(2);
      return 3;
    },
  });
  const kit = await startRuns({ tasks: [parent, child] }, { redact: ["password"] });
  const { id } = await kit.post("/tasks/parent/trigger", {});
  expect(await kit.ended(id)).toMatchObject({ output: 3, metadata: { state: "working" } });
  const { data: all } = await kit.get(`/runs/${id}/steps`);
  const children = all.filter(({ kind }: { kind: string }) => kind === "child");
  expect(children.map(({ state }: { state: string }) => state)).toEqual([
    ...["pending", "done", "pending", "done"],
  ]);
  // The output of a child is JSON too, so that what is hidden in it is hidden.
  expect(children[1].data).toMatchObject([
    { functionId: "child", output: { n: 1, password: "[redacted]" } },
  ]);
  const one = await kit.get(`/runs/${id}/steps/${all.at(-1).seq}`);
  expect(one).toEqual(all.at(-1));
  const pages: string[] = [];
  for (let cursor = ""; ;) {
    const { data, page } = await kit.get(`/runs/${id}/steps?limit=1${cursor}`);
    pages.push(...data.map(({ seq }: { seq: number }) => seq));
    if (page.next === null) break;
    cursor = `&cursor=${page.next}`;
  }
  expect(pages).toEqual(all.map(({ seq }: { seq: number }) => seq));
  const trace = await kit.get(`/runs/${id}/trace?limit=500`);
  expect(trace.children.map(({ functionId }: { functionId: string }) => functionId)).toEqual([
    "child",
    "child",
  ]);
  const { token } = await kit.post("/public-tokens", { scopes: [`read:run:${id}`] });
  expect((await kit.get(`/runs/${id}/trace`, { as: token })).children).toEqual([]);
  expect(trace.data[0]).toMatchObject({ kind: "queue", state: "done" });
  const waits = trace.data.filter(({ kind }: { kind: string }) => kind === "wait");
  expect(waits).toHaveLength(2);
  for (const { startAt, endAt, isStartEstimated } of waits) {
    expect(isStartEstimated).toBe(false);
    expect(Date.parse(endAt)).toBeGreaterThanOrEqual(Date.parse(startAt));
  }
  const { data: logs } = await kit.get(`/runs/${id}/logs`);
  const inside = logs.find(({ message }: { message: string }) => message === "inside");
  expect(inside).toMatchObject({ level: "warn", properties: { password: "[redacted]" } });
  const span = trace.data.find(({ name }: { name: string }) => name === "measured");
  expect(span).toMatchObject({ kind: "log", id: `log ${inside.parentId}` });
  expect(await kit.get(`/runs/${id}/streams`)).toEqual({ data: [{ name: "parts" }] });
  expect(await kit.get(`/runs/${id}/streams/parts?from=0`)).toMatchObject({
    chunks: [{ n: 1 }],
    next: 1,
  });
  for (const path of ["steps", "trace", "logs", "streams", "streams/parts", "metadata"])
    expect(await kit.refusal(`/runs/run_none/${path}`)).toEqual([404, "SERVER_NOT_FOUND"]);
});
