import { expect, test } from "vitest";
import { startRuns } from "../../../../test/server/run-kit.ts";
import { VirtualClock } from "../../../testing/virtual-clock.ts";
import { task, wait } from "../../../trigger/index.ts";

const approval = task({
  id: "approval",
  run: async (id: string) => {
    const answer = await wait.forToken<{ by: string }>(id);
    return answer.ok ? answer.output : null;
  },
});

test("a token is made, waited for, and completed by a browser that may do just that", async () => {
  const kit = await startRuns({ tasks: [approval] });
  const { id, url, publicToken } = await kit.post("/waitpoints/tokens", { tags: "a" });
  expect(url).toBeNull();
  const run = await kit.post("/tasks/approval/trigger", { payload: id });
  for await (const { state } of kit.runStores.runs.watchRun(run.id)) if (state === "waiting") break;
  expect((await kit.get(`/runs/${run.id}`)).waitsFor).toMatchObject([{ kind: "token", name: id }]);
  const other = await kit.post("/waitpoints/tokens", {});
  const asBrowser = { method: "POST", body: { data: { by: "ada" } }, as: publicToken };
  const path = `/waitpoints/tokens/${other.id}/complete`;
  expect(await kit.refusal(path, asBrowser)).toEqual([403, "SERVER_FORBIDDEN"]);
  const done = await kit.post(`/waitpoints/tokens/${id}/complete`, asBrowser.body, asBrowser);
  expect(done).toMatchObject({ state: "completed", output: { by: "ada" }, tags: ["a"] });
  expect((await kit.ended(run.id)).output).toEqual({ by: "ada" });
  expect(await kit.refusal(`/waitpoints/tokens/${id}/complete`, asBrowser)).toEqual([
    ...[409, "SERVER_STATE_CONFLICT"],
  ]);
});

test("a token that is not completed in time is over; a key gives the same token", async () => {
  const clock = new VirtualClock(Date.UTC(2026, 0, 1));
  const kit = await startRuns({ clock });
  const body = { timeout: "1h", idempotencyKey: "k" };
  const { id } = await kit.post("/waitpoints/tokens", body);
  expect(await kit.post("/waitpoints/tokens", body)).toMatchObject({ id, isCached: true });
  await clock.advance(3_600_000);
  expect(await kit.get(`/waitpoints/tokens/${id}`)).toMatchObject({
    state: "timedOut",
    timeoutAt: "2026-01-01T01:00:00.000Z",
    output: null,
  });
  const late = await kit.refusal(`/waitpoints/tokens/${id}/complete`, { method: "POST" });
  expect(late).toEqual([409, "SERVER_STATE_CONFLICT"]);
});

test("tokens are listed newest first, by state and by tag", async () => {
  const kit = await startRuns({});
  const ids: string[] = [];
  for (const tags of [["a"], ["b"], ["a", "b"]])
    ids.push((await kit.post("/waitpoints/tokens", { tags })).id);
  await kit.post(`/waitpoints/tokens/${ids[2]}/complete`, {});
  const list = async (query: string): Promise<string[]> =>
    (await kit.get(`/waitpoints/tokens?${query}`)).data.map(({ id }: { id: string }) => id);
  expect(await list("")).toEqual(ids.toReversed());
  expect(await list("tag=a")).toEqual([ids[2], ids[0]]);
  expect(await list("tag=a&state=waiting")).toEqual([ids[0]]);
  const first = await kit.get("/waitpoints/tokens?limit=2");
  expect(await list(`cursor=${first.page.next}`)).toEqual([ids[0]]);
  expect(await kit.refusal("/waitpoints/tokens/none")).toEqual([404, "SERVER_NOT_FOUND"]);
});
