import { expect, test } from "vitest";
import { done, RunKit } from "../../../../test/conformance/runs/kit.ts";
import { newPath, openStore } from "../../../../test/support/stores.ts";
import { SqliteRunStore } from "./sqlite-run-store.ts";

test("two run stores on one SQLite store share what they remember", async () => {
  const store = openStore({ path: newPath(":memory:") });
  const [a, b] = [new SqliteRunStore(store), new SqliteRunStore(store)];
  const [kitA, kitB] = [new RunKit(a), new RunKit(b)];
  const { work, news } = kitB.listen();
  expect(await kitB.claim()).toEqual([]);
  await kitA.started();
  expect(work).toMatchObject([{ claimable: true }]);
  const run = await kitB.claimOne();
  await a.cancel({ now: kitA.now, runId: run.id, reason: "" });
  expect(news).toMatchObject([{ run: run.key, held: false }]);
  expect(await kitB.append(run, [done("a")])).toBe(false);
});

test("closing one leaves the other alone", async () => {
  const store = openStore({ path: newPath(":memory:") });
  const [a, b] = [new SqliteRunStore(store), new SqliteRunStore(store)];
  const kit = new RunKit(b);
  const runId = await kit.started();
  const [endA, endB] = [a.waitForEnd(runId), b.waitForEnd(runId)];
  const refused = endA.catch((error: unknown) => error);
  await a.close();
  expect(await refused).toMatchObject({ code: "STORE_CLOSED" });
  await kit.finish(await kit.claimOne());
  expect(await endB).toBe("completed");
});

test("the store may be closed while somebody listens", async () => {
  const store = openStore({ path: newPath("file") });
  const runs = new SqliteRunStore(store);
  runs.onWork(() => {});
  await store.close();
  await expect(new RunKit(runs).started()).rejects.toMatchObject({ code: "STORE_CLOSED" });
  await runs.close();
});
