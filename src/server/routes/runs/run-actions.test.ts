import { expect, test } from "vitest";
import { newInngest, startRuns } from "../../../../test/server/run-kit.ts";
import { task } from "../../../trigger/index.ts";

const echo = task({
  id: "echo",
  run: async (payload: unknown, { ctx }) => [payload, ctx.run.tags],
});

test("a run is canceled once; what is over is a conflict", async () => {
  const kit = await startRuns({ tasks: [echo] });
  const { id } = await kit.post("/tasks/echo/trigger", { options: { delay: "1h" } });
  expect(await kit.post(`/runs/${id}/cancel`, { reason: "not wanted" })).toMatchObject({
    state: "canceled",
  });
  const again = await kit.refusal(`/runs/${id}/cancel`, { method: "POST" });
  expect(again).toEqual([409, "SERVER_STATE_CONFLICT"]);
  const none = await kit.refusal("/runs/run_none/cancel", { method: "POST" });
  expect(none).toEqual([404, "SERVER_NOT_FOUND"]);
  const asViewer = await kit.refusal(`/runs/${id}/cancel`, { method: "POST", as: "the-viewer" });
  expect(asViewer).toEqual([403, "SERVER_FORBIDDEN"]);
});

test("a delayed run gets another time, one that is over does not", async () => {
  const kit = await startRuns({ tasks: [echo] });
  const { id } = await kit.post("/tasks/echo/trigger", { options: { delay: "1h" } });
  const at = "2999-01-01T00:00:00.000Z";
  expect(await kit.post(`/runs/${id}/reschedule`, { delay: at })).toMatchObject({ dueAt: at });
  await kit.post(`/runs/${id}/cancel`);
  const call = { method: "POST", body: { delay: "1h" } };
  expect(await kit.refusal(`/runs/${id}/reschedule`, call)).toEqual([409, "SERVER_STATE_CONFLICT"]);
  expect(await kit.refusal("/runs/run_none/reschedule", call)).toEqual([404, "SERVER_NOT_FOUND"]);
});

test("a task's run is repeated as it was, or with another payload and other options", async () => {
  const kit = await startRuns({ tasks: [echo] });
  const { id } = await kit.post("/tasks/echo/trigger", { payload: 1, options: { tags: ["a"] } });
  await kit.ended(id);
  const same = await kit.post(`/runs/${id}/replay`);
  expect(same.replayOf).toBe(id);
  expect(await kit.ended(same.id)).toMatchObject({ output: [1, ["a"]], replayOf: id });
  const other = await kit.post(`/runs/${id}/replay`, { payload: 2, tags: ["b"] });
  expect(await kit.ended(other.id)).toMatchObject({ output: [2, ["b"]] });
});

test("a function's run is repeated with the events it had", async () => {
  const order = newInngest().createFunction(
    {
      id: "order",
      triggers: [{ event: "shop/order" }],
      batchEvents: { maxSize: 2, timeout: "1h" },
    },
    async ({ events }) => events.map(({ name, data }) => [name, data]),
  );
  const kit = await startRuns({ functions: [order] });
  const events = [1, 2].map((n) => ({ name: "shop/order", data: { n } }));
  await kit.post("/events", events);
  const [{ id }] = (await kit.get("/runs")).data;
  const { output } = await kit.ended(id);
  expect(output).toHaveLength(2);
  const same = await kit.post(`/runs/${id}/replay`);
  expect((await kit.ended(same.id)).output).toEqual(output);
  const other = await kit.post(`/runs/${id}/replay`, { payload: { n: 9 } });
  expect((await kit.ended(other.id)).output[0]).toEqual(["shop/order", { n: 9 }]);
  const call = { method: "POST", body: { queue: "slow" } };
  expect(await kit.refusal(`/runs/${id}/replay`, call)).toEqual([422, "SERVER_INVALID_REQUEST"]);
});

test("metadata and tags are changed from outside", async () => {
  const kit = await startRuns({ tasks: [echo] });
  const { id } = await kit.post("/tasks/echo/trigger", { options: { delay: "1h", tags: ["a"] } });
  expect(await kit.get(`/runs/${id}/metadata`)).toEqual({ metadata: null });
  const set = { method: "PUT", body: { metadata: { step: 2 } } };
  expect(await kit.get(`/runs/${id}/metadata`, set)).toEqual({ metadata: { step: 2 } });
  expect((await kit.get(`/runs/${id}`)).metadata).toEqual({ step: 2 });
  expect(await kit.post(`/runs/${id}/tags`, { tags: ["b", "a"] })).toEqual({ tags: ["a", "b"] });
  expect((await kit.get("/runs?tag=b")).data).toHaveLength(1);
  const many = { method: "POST", body: { tags: Array.from({ length: 9 }, (_, n) => `t${n}`) } };
  expect(await kit.refusal(`/runs/${id}/tags`, many)).toEqual([413, "RUNS_TOO_LARGE"]);
  expect(await kit.refusal("/runs/run_none/metadata", set)).toEqual([404, "SERVER_NOT_FOUND"]);
});
