import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, onTestFinished, test } from "vitest";
import type { z } from "zod";
import { openServer } from "../../../../test/server/kit.ts";
import { Queue } from "../../../bullmq/queue.ts";
import { Worker } from "../../../bullmq/worker.ts";
import type { EndpointId } from "../../../client/endpoints/index.ts";
import { queueRoutes } from "./index.ts";

const folder = mkdtempSync(join(tmpdir(), "longhaul-queues-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;

/** A server on a store, with a way to ask that checks the answers' shapes. */
function open(place: "a file" | "memory" = "memory") {
  const url = place === "memory" ? ":memory:" : `file:${join(folder, `${++files}.db`)}`;
  const kit = openServer({ redact: ["password"] }, { url });
  const opened = <T extends { close(): Promise<void> }>(resource: T): T => {
    onTestFinished(() => resource.close());
    return resource;
  };
  return {
    ...kit,
    queue: (name: string) => opened(new Queue(name, { connection: url })),
    worker: (name: string, options: { name?: string } = {}) =>
      opened(new Worker(name, null, { connection: url, autorun: false, ...options })),
    ask: async (path: string, status = 200, route?: EndpointId) => {
      const answer = await kit.call(path);
      return check(await answer.json(), answer.status, status, route);
    },
    send: async (method: string, path: string, body?: unknown, status = 200) => {
      const answer = await kit.call(path, { method, body });
      return check(await answer.json(), answer.status, status);
    },
  };
}

// oxlint-disable-next-line typescript/no-explicit-any -- what is in an answer is what the test is about
function check(json: any, status: number, expected: number, id?: EndpointId): any {
  expect({ status, ...(status === expected ? {} : { json }) }).toEqual({ status: expected });
  const found = queueRoutes.find((each) => each.id === id);
  const schema = found?.answer as z.ZodType | undefined;
  if (schema && status < 300) expect(schema.safeParse(json).error).toBeUndefined();
  return json;
}

describe.each(["a file", "memory"] as const)("in %s", (place) => {
  test("queues are listed page by page, with how they stand", async () => {
    const { ask, queue, worker } = open(place);
    const names = ["a", "b", "c"];
    for (const name of names) await queue(name).add("x", {});
    await queue("b").pause();
    await queue("b").setGlobalConcurrency(3);
    await worker("c", { name: "one" }).waitUntilReady();
    const first = await ask("/queues?limit=2", 200, "queues.list");
    expect(first.data.map((each: { name: string }) => each.name)).toEqual(["a", "b"]);
    expect(first.data[1]).toMatchObject({ isPaused: true, concurrency: 3, counts: { waiting: 1 } });
    const last = await ask(`/queues?limit=2&cursor=${first.page.next}`, 200, "queues.list");
    expect(last).toMatchObject({ data: [{ name: "c", workers: 1 }], page: { next: null } });
    expect(Date.parse(last.data[0].oldestWaitingSince)).toBeLessThanOrEqual(Date.now());
    const workers = await ask("/workers?queue=c", 200, "workers.list");
    expect(workers.data).toMatchObject([{ kind: "worker", name: "one", pid: process.pid }]);
  });

  test("the jobs of a state are listed in the order of the line, page by page, both ways", async () => {
    const { ask, queue } = open(place);
    const jobs = queue("line");
    for (const n of [1, 2, 3, 4, 5]) await jobs.add("x", {}, { delay: n * 1_000 });
    for (const order of ["first", "last"]) {
      const ids: string[] = [];
      let cursor = "";
      do {
        const page = await ask(
          `/queues/line/jobs?state=delayed&limit=2&order=${order}${cursor}`,
          200,
          "queues.jobs",
        );
        expect(page.approxTotal).toBe(5);
        ids.push(...page.data.map(({ id }: { id: string }) => id));
        cursor = page.page.next === null ? "" : `&cursor=${page.page.next}`;
      } while (cursor !== "");
      const expected = ["1", "2", "3", "4", "5"];
      expect(ids).toEqual(order === "first" ? expected : expected.toReversed());
    }
    const all = await ask("/queues/line/jobs", 200, "queues.jobs");
    expect(all.data.map(({ id }: { id: string }) => id)).toEqual(["5", "4", "3", "2", "1"]);
  });
});

test.each([
  "waiting",
  "prioritized",
  "delayed",
  "waiting-children",
  "active",
  "completed",
  "failed",
])("jobs that are %s are listed, and no others", async (state) => {
  const { ask, queue, worker, send } = open();
  const jobs = queue("all");
  await jobs.addBulk([
    { name: "completed", data: {} },
    { name: "failed", data: {} },
    { name: "active", data: {} },
    { name: "waiting", data: {} },
    { name: "prioritized", data: {}, opts: { priority: 1 } },
    { name: "delayed", data: {}, opts: { delay: 10_000 } },
  ]);
  const child = { name: "x", queueName: "child" };
  await send(
    "POST",
    "/flows",
    { name: "waiting-children", queueName: "all", children: [child] },
    201,
  );
  const taker = worker("all");
  const [completed, failed] = [
    await taker.getNextJob("t"),
    await taker.getNextJob("t"),
    await taker.getNextJob("t"),
  ];
  await completed?.moveToCompleted(1, "t", false);
  await failed?.moveToFailed(new Error("no"), "t", false);
  const { data } = await ask(`/queues/all/jobs?state=${state}`, 200, "queues.jobs");
  expect(data).toMatchObject([{ name: state, state }]);
});

test("a job is shown with its payload, its result and its attempts, but without what is hidden", async () => {
  const { ask, queue, worker, send } = open();
  await queue("mail").add("send", { to: "ada", password: "x" }, { attempts: 2 });
  await send("POST", "/queues/mail/jobs/1/logs", { text: "one" }, 201);
  await send("POST", "/queues/mail/jobs/1/logs", { text: "two" }, 201);
  const job = await worker("mail").getNextJob("t");
  await job?.updateProgress({ percentage: 5 });
  await job?.moveToFailed(new Error("no route to host"), "t", false);
  const shown = await ask("/queues/mail/jobs/1", 200, "jobs.get");
  expect(shown).toMatchObject({
    ...{ id: "1", queue: "mail", state: "waiting", attemptsMade: 1, logLines: 2 },
    data: { to: "ada", password: "[redacted]" },
    ...{ opts: { attempts: 2 }, progress: { percentage: 5 }, failedReason: "no route to host" },
    returnvalue: null,
  });
  expect(shown.stacktrace[0]).toContain("Error: no route to host");
  const logs = await ask("/queues/mail/jobs/1/logs?limit=1&order=newest", 200, "jobs.logs");
  expect(logs).toMatchObject({ data: [{ line: 2, text: "two" }], approxTotal: 2 });
  const next = `/queues/mail/jobs/1/logs?limit=1&order=newest&cursor=${logs.page.next}`;
  expect(await ask(next)).toMatchObject({ data: [{ text: "one" }], page: { next: null } });
});

describe("why a job stands where it stands", () => {
  const why = async (
    prepare: (kit: ReturnType<typeof open>, jobs: Queue) => unknown,
    id = "1",
  ): Promise<{ code: string; text: string; position: number | null }> => {
    const kit = open();
    await prepare(kit, kit.queue("q"));
    return (await kit.ask(`/queues/q/jobs/${id}`, 200, "jobs.get")).why;
  };

  test.each<[string, Parameters<typeof why>[0], string?]>([
    ["No worker is connected to its queue.", (_, jobs) => jobs.add("x", {})],
    ["Its queue is paused.", async (_, jobs) => (await jobs.add("x", {}), await jobs.pause())],
    [
      "It is number 2 in line.",
      async ({ worker }, jobs) => {
        await worker("q").waitUntilReady();
        await jobs.add("x", {}, { priority: 2 });
        await jobs.add("first", {});
      },
    ],
    [
      "As many jobs of its queue are active as may be: 1.",
      async ({ worker }, jobs) => {
        await jobs.setGlobalConcurrency(1);
        await jobs.addBulk([
          { name: "a", data: {} },
          { name: "b", data: {} },
        ]);
        await worker("q").getNextJob("t");
      },
      "2",
    ],
    [
      "Its queue is rate limited until ",
      async (_, jobs) => (await jobs.add("x", {}), await jobs.rateLimit(60_000)),
    ],
    ["It is delayed until ", (_, jobs) => jobs.add("x", {}, { delay: 60_000 })],
    [
      "It waits for 2 of its 2 children.",
      ({ send }) => {
        const child = { name: "c", queueName: "other" };
        return send(
          "POST",
          "/flows",
          { name: "p", queueName: "q", opts: { jobId: "p" }, children: [child, child] },
          201,
        );
      },
      "p",
    ],
    [
      "Worker w1 works on it.",
      async ({ worker }, jobs) => {
        await jobs.add("x", {});
        await worker("q", { name: "w1" }).getNextJob("t");
      },
    ],
    [
      "It failed after 1 attempt: no",
      async ({ worker }, jobs) => {
        await jobs.add("x", {});
        const job = await worker("q").getNextJob("t");
        await job?.moveToFailed(new Error("no"), "t", false);
      },
    ],
  ])("%s", async (text, prepare, id) => {
    expect((await why(prepare, id)).text).toContain(text);
  });
});

describe("what is done to jobs", () => {
  test("adding, also twice with the same key", async () => {
    const { call, queue } = open();
    const body = { name: "x", data: { a: 1 }, opts: { priority: 3, attempts: 2 } };
    const headers = { "idempotency-key": "k1" };
    const answers = [];
    for (let n = 0; n < 2; n++)
      answers.push(await call("/queues/new/jobs", { method: "POST", body, headers }));
    const [first, second] = await Promise.all(answers.map((answer) => answer.json()));
    expect(answers.map(({ status }) => status)).toEqual([201, 201]);
    expect(second).toEqual(first);
    expect(first).toMatchObject({ state: "prioritized", data: { a: 1 }, priority: 3 });
    expect(await queue("new").count()).toBe(1);
    const jobs = [{ name: "a" }, { name: "b", opts: { delay: 1_000 } }];
    const bulk = { method: "POST", body: { jobs }, headers: { "idempotency-key": "k2" } };
    for (let n = 0; n < 2; n++)
      expect((await call("/queues/new/jobs/bulk", bulk)).status).toBe(201);
    expect(await queue("new").count()).toBe(3);
  });

  test.each([
    [{ name: "x", opts: { jobId: "42" } }],
    [{ name: "x", opts: { repeat: { every: 1 } } }],
    [{ name: "x", opts: { priority: -1 } }],
    [{ name: "x", extra: 1 }],
    [{}],
  ])("a job that BullMQ would not take is the caller's fault: %j", async (body) => {
    const { send, errors } = open();
    const problem = await send("POST", "/queues/q/jobs", body, 422);
    expect(problem).toMatchObject({ code: "SERVER_INVALID_REQUEST" });
    expect(errors).toEqual([]);
  });

  test("retrying, promoting, changing and removing", async () => {
    const { send, queue, worker, ask } = open();
    await queue("q").addBulk([
      { name: "a", data: {} },
      { name: "b", data: {}, opts: { delay: 60_000 } },
    ]);
    const job = await worker("q").getNextJob("t");
    await job?.moveToFailed(new Error("no"), "t", false);
    const retried = await send("POST", "/queues/q/jobs/1/retry", { resetAttempts: true });
    expect(retried).toMatchObject({ state: "waiting", attemptsMade: 0, failedReason: null });
    const delayed = await send("PUT", "/queues/q/jobs/2/delay", { delayMs: 5_000 });
    expect(delayed).toMatchObject({ state: "delayed", delayMs: 5_000 });
    expect(await send("POST", "/queues/q/jobs/2/promote")).toMatchObject({ state: "waiting" });
    expect(await send("PUT", "/queues/q/jobs/2/priority", { priority: 7 })).toMatchObject({
      ...{ state: "prioritized", priority: 7 },
    });
    expect(await send("PUT", "/queues/q/jobs/2/data", { data: [1] })).toMatchObject({ data: [1] });
    expect(await send("DELETE", "/queues/q/jobs/2")).toEqual({ ok: true });
    await ask("/queues/q/jobs/2", 404);
  });

  test.each([
    ["POST", "/retry", "waiting", "retried"],
    ["POST", "/promote", "waiting", "promoted"],
    ["PUT", "/delay", "waiting", "delayed"],
    ["DELETE", "", "active", "removed"],
    ["PUT", "/data", "active", "changed"],
  ])("%s %s of a job that is elsewhere tells where it is", async (method, verb, state, action) => {
    const { send, queue, worker } = open();
    await queue("q").add("x", {});
    if (state === "active") await worker("q").getNextJob("t");
    const body = { "/delay": { delayMs: 1 }, "/data": { data: 1 } }[verb];
    const problem = await send(method, `/queues/q/jobs/1${verb}`, body, 409);
    expect(problem).toMatchObject({
      code: "SERVER_STATE_CONFLICT",
      detail: `Job 1 of q is ${state}, so it cannot be ${action}`,
    });
  });

  test("what is not there is missing, whatever is done to it", async () => {
    const { send, queue, errors } = open();
    await queue("q").add("x", {});
    const verbs = ["", "/logs", "/flow"];
    for (const verb of verbs) await send("GET", `/queues/q/jobs/none${verb}`, undefined, 404);
    await send("GET", "/queues/none/jobs/1", undefined, 404);
    for (const path of ["jobs/none/retry", "jobs/none/promote", "schedulers/none/run"])
      await send("POST", `/queues/q/${path}`, undefined, 404);
    for (const path of ["pause", "resume", "drain", "retry-all", "promote-all"])
      await send("POST", `/queues/none/${path}`, undefined, 404);
    await send("DELETE", "/queues/q/jobs/none", undefined, 404);
    await send("DELETE", "/queues/none", undefined, 404);
    expect(errors).toEqual([]);
  });
});

test("what is done to whole queues", async () => {
  const { send, ask, queue, worker } = open();
  const jobs = queue("q");
  await jobs.addBulk([
    { name: "a", data: {} },
    { name: "b", data: {} },
    { name: "c", data: {}, opts: { delay: 60_000 } },
  ]);
  const taker = worker("q");
  for (let n = 0; n < 2; n++)
    await (await taker.getNextJob("t"))?.moveToFailed(new Error("no"), "t", false);
  const counts = async () => (await ask("/queues/q", 200, "queues.get")).counts;
  expect(await counts()).toMatchObject({ failed: 2, delayed: 1 });
  await send("POST", "/queues/q/retry-all");
  expect(await counts()).toMatchObject({ failed: 0, waiting: 2 });
  await send("POST", "/queues/q/promote-all");
  expect(await counts()).toMatchObject({ delayed: 0, waiting: 3 });
  const cleaned = await send("POST", "/queues/q/clean", { state: "waiting", limit: 1 });
  expect(cleaned.removed).toHaveLength(1);
  await send("PUT", "/queues/q/concurrency", { concurrency: 4 });
  await send("PUT", "/queues/q/rate-limit", { rateLimit: { max: 5, durationMs: 1_000 } });
  expect(await ask("/queues/q")).toMatchObject({
    concurrency: 4,
    rateLimit: { max: 5, durationMs: 1_000 },
  });
  await send("PUT", "/queues/q/concurrency", { concurrency: null });
  await send("PUT", "/queues/q/rate-limit", { rateLimit: null });
  expect(await ask("/queues/q")).toMatchObject({ concurrency: null, rateLimit: null });
  await taker.getNextJob("t");
  await send("DELETE", "/queues/q", undefined, 409);
  await send("POST", "/queues/q/drain", { delayed: true });
  await send("DELETE", "/queues/q?force=true");
  expect(await counts()).toMatchObject({ waiting: 0, active: 0 });
});

test("a flow is added at once and shown from its root, as wide and deep as is asked for", async () => {
  const { send, ask } = open();
  const leaf = (name: string) => ({ name, queueName: "leaves" });
  const root = await send(
    "POST",
    "/flows",
    {
      ...{ name: "root", queueName: "roots" },
      children: [
        { name: "middle", queueName: "middles", children: [leaf("a"), leaf("b"), leaf("c")] },
        leaf("d"),
      ],
    },
    201,
  );
  const [middle] = root.children;
  const below = middle.children[0];
  const tree = await ask(`/queues/leaves/jobs/${below.id}/flow?width=2`, 200, "jobs.flow");
  expect(tree).toMatchObject({ id: root.id, job: { state: "waiting-children" }, hasMore: false });
  const shown = tree.children.find(({ id }: { id: string }) => id === middle.id);
  expect(shown).toMatchObject({ asChild: "pending", hasMore: true });
  expect(shown.children).toHaveLength(2);
  const flat = await ask(`/queues/roots/jobs/${root.id}/flow?depth=0`, 200, "jobs.flow");
  expect(flat).toMatchObject({ children: [], hasMore: true });
});

test("job schedulers are set, shown, run and removed", async () => {
  const { send, ask, queue } = open();
  const body = { everyMs: 60_000, data: { a: 1 }, name: "tick-job" };
  await send("PUT", "/queues/q/schedulers/tick", body);
  await send("PUT", "/queues/q/schedulers/night", {
    pattern: "0 3 * * *",
    timeZone: "Europe/Zurich",
  });
  const list = await ask("/queues/q/schedulers?limit=1", 200, "schedulers.list");
  expect(list.data).toMatchObject([{ id: "tick", everyMs: 60_000, template: { data: { a: 1 } } }]);
  const rest = await ask(`/queues/q/schedulers?cursor=${list.page.next}`, 200, "schedulers.list");
  expect(rest.data).toMatchObject([
    { id: "night", pattern: "0 3 * * *", timeZone: "Europe/Zurich" },
  ]);
  const run = await send("POST", "/queues/q/schedulers/tick/run", undefined, 201);
  expect(run).toMatchObject({ name: "tick-job", data: { a: 1 }, state: "waiting" });
  expect(await queue("q").getJobSchedulersCount()).toBe(2);
  await send("DELETE", "/queues/q/schedulers/tick");
  await ask("/queues/q/schedulers/tick", 404);
  for (const wrong of [{}, { everyMs: 1, pattern: "* * * * *" }, { pattern: "not cron" }])
    await send("PUT", "/queues/q/schedulers/bad", wrong, 422);
});

test("the search finds jobs and runs, and hides what is hidden", async () => {
  const { ask, queue } = open();
  await queue("mail").addBulk([
    { name: "send", data: { user: { id: 42 }, password: "secret" } },
    { name: "send", data: { user: { id: 43 } } },
  ]);
  const q = encodeURIComponent("data.user.id:42 queue:mail");
  const found = await ask(`/search?q=${q}`, 200, "search.all");
  expect(found.jobs).toMatchObject({ data: [{ id: "1" }], complete: true, page: { next: null } });
  expect(found.runs).toMatchObject({ data: [] });
  expect(await ask("/search?state=delayed", 200)).toMatchObject({
    jobs: { data: [] },
    runs: { data: [] },
  });
  expect(await ask("/search?tag=x", 200, "search.all")).toMatchObject({ jobs: null });
  const page = await ask("/search/jobs?name=send&limit=1", 200, "search.jobs");
  expect(page).toMatchObject({ data: [{ id: "2" }], complete: false });
  const next = await ask(
    `/search/jobs?name=send&limit=1&cursor=${page.page.next}`,
    200,
    "search.jobs",
  );
  expect(next).toMatchObject({ data: [{ id: "1" }], complete: true });
  expect(await ask("/search/jobs?data=user.id:43")).toMatchObject({ data: [{ id: "2" }] });
  expect(await ask("/search/jobs?data=password:secret", 422)).toMatchObject({
    code: "SERVER_BAD_SEARCH",
  });
  expect(await ask("/search/jobs?q=secret")).toMatchObject({ data: [] });
  expect(await ask("/search/jobs?q=send")).toMatchObject({ data: [{ id: "2" }, { id: "1" }] });
  expect(await ask("/search/jobs?state=none", 422)).toMatchObject({ code: "SERVER_BAD_SEARCH" });
  expect(await ask("/search/jobs?cursor=x", 400)).toMatchObject({ code: "SERVER_BAD_CURSOR" });
});

test("the overview adds up all queues", async () => {
  const { ask, queue, worker } = open();
  await queue("a").addBulk([
    { name: "x", data: {} },
    { name: "y", data: {} },
  ]);
  await queue("b").add("z", {});
  await queue("b").pause();
  const job = await worker("a").getNextJob("t");
  await job?.moveToCompleted(1, "t", false);
  const stats = await ask("/stats/overview?minutes=5", 200, "stats.overview");
  expect(stats).toMatchObject({
    queues: { total: 2, paused: 1, withoutWorkers: 1 },
    ...{ workers: 1, jobs: { waiting: 2, completed: 1 } },
  });
  expect(stats.throughput).toHaveLength(5);
  expect(stats.throughput.at(-1).completed + stats.throughput.at(-2).completed).toBe(1);
  const own = await ask("/queues/a/throughput?minutes=2", 200, "queues.throughput");
  expect(own.minutes.map(({ completed }: { completed: number }) => completed).toSorted()).toEqual([
    0, 1,
  ]);
});
