import { expect, test } from "vitest";
import { startRuns } from "../../../../test/server/run-kit.ts";
import { task } from "../../../trigger/index.ts";

const plain = task({ id: "plain", run: async () => "done" });
const mails = task({
  id: "mails",
  queue: { name: "mails", concurrencyLimit: 2 },
  run: async () => 1,
});

test("a queue that is paused holds its runs back, and says so, until it goes on", async () => {
  const kit = await startRuns({ tasks: [plain] });
  const path = `/run-queues/${encodeURIComponent("task/plain")}`;
  expect(await kit.post(`${path}/pause`)).toMatchObject({ name: "task/plain", isPaused: true });
  const { id } = await kit.post("/tasks/plain/trigger", {});
  expect(await kit.get(path)).toMatchObject({ type: "task", queued: 1, running: 0 });
  expect(await kit.get(`/runs/${id}`)).toMatchObject({
    state: "queued",
    waitsFor: [{ kind: "paused", queue: "task/plain" }],
  });
  await kit.post(`${path}/resume`);
  expect((await kit.ended(id)).state).toBe("completed");
});

test("a limit takes the place of the code's, and gives it back", async () => {
  const kit = await startRuns({ tasks: [mails] });
  const path = "/run-queues/mails";
  expect(await kit.post(`${path}/override`, { limit: 0 })).toMatchObject({
    ...{ limit: 0, baseLimit: 2, overrideLimit: 0, overriddenAt: expect.any(String) as string },
  });
  const { id } = await kit.post("/tasks/mails/trigger", {});
  const { waitsFor } = await kit.get(`/runs/${id}`);
  expect(waitsFor).toMatchObject([{ kind: "concurrency", queue: "mails", limit: 0, held: 0 }]);
  const reset = await kit.get(`${path}/override`, { method: "DELETE" });
  expect(reset).toMatchObject({ limit: 2, overrideLimit: null, overriddenAt: null });
  expect((await kit.ended(id)).state).toBe("completed");
});

test("queues are listed by their names, page by page", async () => {
  const kit = await startRuns({ tasks: [plain, mails] });
  await kit.ended((await kit.post("/tasks/mails/trigger", {})).id);
  const { data } = await kit.get("/run-queues");
  const names = data.map(({ name }: { name: string }) => name);
  expect(names).toEqual(expect.arrayContaining(["mails", "task/plain"]));
  expect(names).toEqual(names.toSorted());
  const first = await kit.get("/run-queues?limit=1");
  const rest = await kit.get(`/run-queues?cursor=${first.page.next}`);
  expect([...first.data, ...rest.data]).toEqual(data);
  expect(await kit.refusal("/run-queues/none")).toEqual([404, "SERVER_NOT_FOUND"]);
  const pause = await kit.refusal("/run-queues/none/pause", { method: "POST" });
  expect(pause).toEqual([404, "SERVER_NOT_FOUND"]);
});
