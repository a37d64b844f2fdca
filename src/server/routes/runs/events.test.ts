import { expect, test } from "vitest";
import { newInngest, startRuns } from "../../../../test/server/run-kit.ts";
import { partsOf } from "../../../runtime/parts.ts";

const newOrder = () =>
  newInngest().createFunction({ id: "order", triggers: [{ event: "shop/order" }] }, async () => 1);

test("an event is stored with what it starts; its sender's id finds it too", async () => {
  const kit = await startRuns({ functions: [newOrder()] });
  const sent = { name: "shop/order", id: "order-1", data: { password: "x" }, user: { id: "u" } };
  const { ids } = await kit.post("/events", sent);
  const event = await kit.get(`/events/${ids[0]}`);
  expect(event).toMatchObject({
    ...{ id: ids[0], externalId: "order-1", name: "shop/order", user: { id: "u" }, v: null },
    runs: [{ eventName: "shop/order" }],
  });
  await kit.ended(event.runs[0].id);
  expect((await kit.get("/events/order-1")).runs[0].state).toBe("completed");
  expect(await kit.refusal("/events/none")).toEqual([404, "SERVER_NOT_FOUND"]);
});

test("events are listed newest first, page by page, by name and by time", async () => {
  const kit = await startRuns({});
  const names = ["a", "b", "a", "c", "a"];
  const { ids } = await kit.post(
    "/events",
    names.map((name) => ({ name })),
  );
  const list = async (query: string): Promise<string[]> => {
    const found: string[] = [];
    for (let cursor = ""; ;) {
      const { data, page } = await kit.get(`/events?${query}${cursor}`);
      found.push(...data.map(({ id }: { id: string }) => id));
      if (page.next === null) return found;
      cursor = `&cursor=${page.next}`;
    }
  };
  expect(await list("limit=2")).toEqual(ids.toReversed());
  expect(await list("limit=1&name=a")).toEqual([ids[4], ids[2], ids[0]]);
  expect(await list("name=none")).toEqual([]);
  const { now } = partsOf(kit.longhaul).clock;
  const later = new Date(now() + 3_600_000).toISOString();
  expect(await list(`from=${later}`)).toEqual([]);
  expect(await list(`to=${later}&name=b`)).toEqual([ids[1]]);
  expect(await list("to=2020-01-01")).toEqual([]);
});

test("a list is stored as a whole or not at all", async () => {
  const kit = await startRuns({});
  const call = { method: "POST", body: [{ name: "a" }, { name: "" }] };
  expect(await kit.refusal("/events", call)).toEqual([422, "SERVER_INVALID_REQUEST"]);
  const ancient = { method: "POST", body: [{ name: "a" }, { name: "b", ts: 5 }] };
  expect(await kit.refusal("/events", ancient)).toEqual([400, "RUNS_BAD_EVENT"]);
  expect((await kit.get("/events")).data).toEqual([]);
});

test("a browser may send the event that its token names, and no other", async () => {
  const kit = await startRuns({});
  const { token } = await kit.post("/public-tokens", { scopes: ["send:event:a"] });
  const statusOf = async (body: unknown): Promise<number> =>
    (await kit.call("/events", { method: "POST", body, as: token })).status;
  expect(await statusOf({ name: "a" })).toBe(201);
  expect(await statusOf([{ name: "a" }, { name: "a" }])).toBe(201);
  expect(await statusOf([{ name: "a" }, { name: "b" }])).toBe(403);
  expect(await statusOf({ name: "b" })).toBe(403);
});

test("a signal goes to the run that waits for it", async () => {
  const approval = newInngest().createFunction(
    { id: "approval", triggers: [{ event: "ask" }] },
    async ({ step }) =>
      step.waitForSignal("answer", { signal: "approved", timeout: "1d", onConflict: "fail" }),
  );
  const kit = await startRuns({ functions: [approval] });
  const body = { signal: "approved", data: { by: "ada" } };
  expect(await kit.post("/signals", body)).toEqual({ runId: null });
  await kit.post("/events", { name: "ask" });
  const [{ id }] = (await kit.get("/runs")).data;
  for await (const { state } of kit.runStores.runs.watchRun(id)) if (state === "waiting") break;
  expect((await kit.get(`/runs/${id}`)).waitsFor).toMatchObject([
    { kind: "signal", name: "approved" },
  ]);
  expect(await kit.post("/signals", body)).toEqual({ runId: id });
  expect((await kit.ended(id)).output).toMatchObject({ data: { by: "ada" } });
});
