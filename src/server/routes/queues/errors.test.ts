import { expect, onTestFinished, test } from "vitest";
import { openServer } from "../../../../test/server/kit.ts";
import { Queue } from "../../../bullmq/queue.ts";
import { Worker } from "../../../bullmq/worker.ts";
import { errors as listRoute } from "./errors.ts";

function open() {
  const kit = openServer();
  const connection = ":memory:";
  const queue = new Queue("orders", { connection });
  const worker = new Worker("orders", null, { connection, autorun: false });
  onTestFinished(() => worker.close());
  onTestFinished(() => queue.close());
  return {
    ...kit,
    fail: async (message: string) => {
      await queue.add("charge", {});
      await (await worker.getNextJob("t"))?.moveToFailed(new Error(message), "t", false);
    },
    groups: async (query = "") => {
      const page = listRoute.answer.parse(await (await kit.call(`/errors${query}`)).json());
      return page.data;
    },
    post: async (path: string, as?: string) =>
      (await kit.call(path, { method: "POST", as })).status,
  };
}

test("failures of one kind are one group, with the newest as examples", async () => {
  const { fail, groups, call } = open();
  for (const n of [1, 2, 3]) await fail(`order ${n} of "ada" is not there`);
  await fail("connect ETIMEDOUT 10.0.0.1");
  const found = await groups();
  expect(found.map(({ message, count }) => [message, count])).toEqual([
    ["connect ETIMEDOUT *", 1],
    ["order * of * is not there", 3],
  ]);
  expect(found[1]).toMatchObject({ jobs: 3, runs: 0, status: "open", isBack: false });
  expect(found[1]?.examples.map(({ id }) => id)).toEqual(expect.arrayContaining(["1", "2", "3"]));
  expect(found[1]?.frame).toContain("errors.test.ts");
  const one = await call(`/errors/${found[0]!.fingerprint}`);
  expect(await one.json()).toMatchObject({ message: "connect ETIMEDOUT *" });
});

test("what is resolved is open again when it happens again; what is ignored stays so", async () => {
  const { fail, groups, post } = open();
  await fail("no space left");
  const [{ fingerprint } = { fingerprint: "" }] = await groups();
  expect(await post(`/errors/${fingerprint}/resolve`)).toBe(200);
  expect(await groups()).toEqual([]);
  const [resolved] = await groups("?status=resolved");
  expect(resolved).toMatchObject({ fingerprint, status: "resolved", changedBy: "ada" });
  await untilLater(resolved!.changedAt!);
  await fail("no space left");
  expect(await groups()).toMatchObject([{ fingerprint, isBack: true, count: 2 }]);
  expect(await post(`/errors/${fingerprint}/ignore`)).toBe(200);
  await fail("no space left");
  expect(await groups()).toEqual([]);
  expect(await groups("?status=ignored")).toMatchObject([{ fingerprint, count: 3 }]);
  expect(await post(`/errors/${fingerprint}/reopen`)).toBe(200);
  expect(await groups()).toMatchObject([{ fingerprint, changedBy: null }]);
});

/** Turns until the clock has moved on. */
async function untilLater(time: string): Promise<void> {
  while (Date.now() <= Date.parse(time)) await new Promise((resolve) => setImmediate(resolve));
}

test("who may only look marks nothing, and what is not there cannot be marked", async () => {
  const { fail, groups, post } = open();
  await fail("no");
  const [{ fingerprint } = { fingerprint: "" }] = await groups();
  expect(await post(`/errors/${fingerprint}/resolve`, "the-viewer")).toBe(403);
  expect(await post("/errors/0123456789abcdef/resolve")).toBe(404);
  expect(await post("/errors/none/resolve")).toBe(422);
});

test("groups come page by page", async () => {
  const { fail, groups, call } = open();
  for (const kind of ["a", "b", "c"]) await fail(`kind ${kind}`);
  const all = (await groups()).map(({ fingerprint }) => fingerprint);
  const first = listRoute.answer.parse(await (await call("/errors?limit=2")).json());
  const rest = await groups(`?limit=2&cursor=${first.page.next}`);
  expect([...first.data, ...rest].map(({ fingerprint }) => fingerprint)).toEqual(all);
});
