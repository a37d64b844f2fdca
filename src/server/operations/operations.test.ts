import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, onTestFinished, test } from "vitest";
import { openServer } from "../../../test/server/kit.ts";
import { Queue } from "../../bullmq/queue.ts";
import { Worker } from "../../bullmq/worker.ts";
import { Inngest } from "../../inngest/index.ts";
import { partsOf } from "../../runtime/parts.ts";
import { EVERYTHING } from "../../core/search/search-query.ts";
import { takeJobSnapshot } from "../../queue/bulk/snapshot.ts";
import { OperationRunner } from "./runner.ts";

const folder = mkdtempSync(join(tmpdir(), "longhaul-operations-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;

function open(place: "a file" | "memory" = "memory", functions: readonly object[] = []) {
  const url = place === "memory" ? ":memory:" : `file:${join(folder, `${++files}.db`)}`;
  const kit = openServer({}, { url, functions: functions as never });
  const opened = <T extends { close(): Promise<void> }>(resource: T): T => {
    onTestFinished(() => resource.close());
    return resource;
  };
  const queue = opened(new Queue("q", { connection: url }));
  const worker = opened(new Worker("q", null, { connection: url, autorun: false }));
  const post = async (body: unknown, status = 202, as?: string) => {
    const answer = await kit.call("/operations", { method: "POST", body, as });
    const json = (await answer.json()) as Answer;
    expect({ status: answer.status, ...(answer.status !== status && { json }) }).toEqual({
      status,
    });
    return json;
  };
  return {
    ...kit,
    queue,
    post,
    fail: async (count: number, message = "no") => {
      for (let n = 0; n < count; n++)
        await (await worker.getNextJob("t"))?.moveToFailed(new Error(message), "t", false);
    },
    /** Starts an operation and waits for its end. */
    run: async (body: object) => {
      const { id } = await post(body);
      for (;;) {
        const shown = (await (await kit.call(`/operations/${id}`)).json()) as Answer;
        if (shown.state !== "running") return shown;
        await new Promise((resolve) => setImmediate(resolve));
      }
    },
  };
}

interface Answer {
  readonly id: string;
  readonly state: string;
  readonly count: number;
  readonly sample: { readonly jobs: readonly { readonly id: string }[] };
  readonly matched: number;
  readonly done: number;
  readonly skipped: number;
  readonly errors: readonly object[];
  readonly progress: number;
}

const jobs = (action: string, q: string) => ({ target: "jobs", action, filter: { q } });

describe.each(["a file", "memory"] as const)("in %s", (place) => {
  test("all failed jobs that fit are retried, and nothing else", async () => {
    const { queue, fail, run, post } = open(place);
    const data = Array.from({ length: 350 }, (_, n) => ({ name: "x", data: { odd: n % 2 === 1 } }));
    await queue.addBulk(data);
    await fail(300, "connect ETIMEDOUT");
    const filter = jobs("retry", "error:timedout data.odd:true");
    const dry = await post({ ...filter, dryRun: true }, 200);
    expect(dry).toMatchObject({ dryRun: true, count: 150, complete: true });
    expect(dry.sample.jobs[0]?.id).toBe("300");
    expect(await queue.getFailedCount()).toBe(300);
    const shown = await run(filter);
    expect(shown).toMatchObject({
      ...{ state: "completed", matched: 150, done: 150, skipped: 0, progress: 1, errors: [] },
      createdBy: "ada",
    });
    expect(await queue.getFailedCount()).toBe(150);
    expect(await queue.getWaitingCount()).toBe(200);
    // Retried in the order in which they were added.
    const waiting = await queue.getWaiting(50, 52);
    expect(waiting.map(({ id }) => id)).toEqual(["2", "4", "6"]);
  });
});

test("jobs are removed and promoted; those of workers and schedulers stay, and are told", async () => {
  const { queue, run } = open();
  const worker = new Worker("q", null, { connection: ":memory:", autorun: false });
  onTestFinished(() => worker.close());
  await queue.addBulk([
    { name: "a", data: {} },
    { name: "a", data: {}, opts: { delay: 60_000 } },
    { name: "a", data: {}, opts: { delay: 60_000 } },
  ]);
  await worker.getNextJob("t");
  await queue.upsertJobScheduler("tick", { every: 60_000 }, { name: "a" });
  const promoted = await run(jobs("promote", "id:2"));
  expect(promoted).toMatchObject({ done: 1 });
  expect(await queue.getJob("2").then((job) => job?.getState())).toBe("waiting");
  const removed = await run(jobs("remove", "name:a"));
  expect(removed).toMatchObject({ matched: 4, done: 2, skipped: 1, failed: 1 });
  expect(removed.errors).toMatchObject([{ message: expect.stringContaining("job scheduler") }]);
});

test("what comes, or comes to fit, after the start is left alone", async () => {
  const { queue, fail, longhaul } = open();
  await queue.addBulk([1, 2, 3, 4].map((n) => ({ name: `n${n}`, data: {} })));
  await fail(2);
  const parts = partsOf(longhaul);
  const runner = new OperationRunner(parts);
  onTestFinished(() => runner.close());
  const snapshot = await takeJobSnapshot(parts.store, Date.now());
  while (Date.now() <= snapshot.at) await new Promise((resolve) => setImmediate(resolve));
  // The third fails after the start, the first is retried and fails again, the fifth is new.
  await (await queue.getJob("1"))?.retry();
  await fail(2);
  await queue.add("n5", {});
  await fail(1);
  const filter = { ...EVERYTHING, queues: ["q"] };
  const work = { target: "jobs", action: "remove" } as const;
  const id = await runner.store.add(work, filter, snapshot, { name: "test" });
  runner.begin(id);
  await runner.whenIdle();
  expect(await runner.store.get(id)).toMatchObject({ state: "completed", matched: 4, done: 1 });
  const left = await queue.getJobs(["failed", "waiting"]);
  expect(left.map(({ name }) => name).toSorted()).toEqual(["n1", "n3", "n4", "n5"]);
});

test("an operation that is aborted stops; one that is over cannot be", async () => {
  const { queue, longhaul, call, post } = open();
  await queue.addBulk(Array.from({ length: 500 }, () => ({ name: "x", data: {} })));
  const { id } = await post(jobs("remove", "name:x"));
  const abort = () => call(`/operations/${id}/abort`, { method: "POST" });
  expect((await abort()).status).toBe(200);
  const again = await abort();
  expect(again.status).toBe(409);
  expect(await again.json()).toMatchObject({
    detail: `Operation ${id} is aborted, so it cannot be aborted`,
  });
  const runner = new OperationRunner(partsOf(longhaul));
  onTestFinished(() => runner.close());
  const before = await queue.getWaitingCount();
  expect(before).toBeGreaterThan(0);
  runner.begin(id);
  await runner.whenIdle();
  expect(await queue.getWaitingCount()).toBe(before);
});

test("runs are canceled and replayed, also of an operation that is done twice", async () => {
  const inngest = new Inngest({ id: "app" });
  const sleeper = inngest.createFunction(
    { id: "sleeper", triggers: [{ event: "sleep" }] },
    ({ step }) => step.sleep("long", "1d"),
  );
  const { longhaul, run, post } = open("memory", [sleeper]);
  await longhaul.start();
  await longhaul.send([1, 2, 3].map((n) => ({ name: "sleep", data: { n } })));
  const runs = (action: string, q: string) => ({ target: "runs", action, filter: { q } });
  expect(await post({ ...runs("cancel", "data.n:2"), dryRun: true }, 200)).toMatchObject({
    count: 1,
  });
  expect(await run(runs("cancel", "name:app-sleeper"))).toMatchObject({ done: 3 });
  const { id } = await run(runs("replay", "data.n:2"));
  const all = await longhaul.listRuns({});
  expect(all.filter(({ state }) => state === "canceled")).toHaveLength(3);
  expect(all).toHaveLength(4);
  expect(all[0]?.events[0]?.data).toMatchObject({ n: 2 });
  // A process that died after the replay, before it was kept: the same piece again starts nothing.
  const { store } = partsOf(longhaul);
  await store.write("test", () => {
    const reset =
      "UPDATE operation SET state = 'running', finished_at = NULL, position = -1, lease_until = 0";
    store.connection.sql(`${reset} WHERE id = ?`).run(id);
  });
  const runner = new OperationRunner(partsOf(longhaul));
  onTestFinished(() => runner.close());
  await runner.takeOver();
  await runner.whenIdle();
  expect(await runner.store.get(id)).toMatchObject({ state: "completed" });
  expect(await longhaul.listRuns({})).toHaveLength(4);
});

test.each([
  [{ target: "jobs", action: "remove", filter: {} }, 422],
  [{ target: "jobs", action: "cancel", filter: { q: "x" } }, 422],
  [{ target: "runs", action: "retry", filter: { q: "x" } }, 422],
  [{ target: "jobs", action: "retry", filter: { q: "tag:x" } }, 422],
  [{ target: "jobs", action: "retry", filter: { q: "state:none" } }, 422],
  [{ target: "jobs", action: "retry", filter: { wrong: "x" } }, 422],
])("%j is refused, and nothing is stored", async (body, status) => {
  const { post, call } = open();
  await post(body, status);
  expect(await (await call("/operations")).json()).toMatchObject({ data: [] });
  await post({ ...body, dryRun: true }, status);
});

test("who may only look starts none, and the same key starts one", async () => {
  const { post, call, queue } = open();
  await queue.add("x", {});
  await post(jobs("remove", "name:x"), 403, "the-viewer");
  const headers = { "idempotency-key": "once" };
  const ask = () =>
    call("/operations", { method: "POST", body: jobs("remove", "name:x"), headers });
  const [first, second] = [await (await ask()).json(), await (await ask()).json()] as [
    Answer,
    Answer,
  ];
  expect(second.id).toBe(first.id);
  expect(await (await call("/operations", { as: "the-viewer" })).json()).toMatchObject({
    data: [{ id: first.id }],
    page: { next: null },
  });
});
