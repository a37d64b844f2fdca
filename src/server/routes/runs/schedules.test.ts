import { expect, test } from "vitest";
import { newInngest, startRuns } from "../../../../test/server/run-kit.ts";
import { VirtualClock } from "../../../testing/virtual-clock.ts";
import { schedules, task } from "../../../trigger/index.ts";

const HOUR = 3_600_000;
const nightly = schedules.task({
  id: "nightly",
  cron: { pattern: "0 9 * * *", timezone: "Europe/Paris" },
  run: async ({ type, externalId }) => ({ type, externalId: externalId ?? null }),
});
const plain = task({ id: "plain", run: async (payload: unknown) => payload });
const newCheck = () =>
  newInngest().createFunction({ id: "check", triggers: [{ cron: "*/30 * * * *" }] }, async () => 1);

test("schedules of the code show their next ten ticks, in their time zone, and their last run", async () => {
  const kit = await startRuns({ functions: [newCheck()], tasks: [nightly] });
  const { data } = await kit.get("/schedules");
  const report = data.find(({ functionId }: { functionId: string }) => functionId === "nightly");
  expect(report).toMatchObject({
    ...{ type: "declared", cron: "0 9 * * *", timeZone: "Europe/Paris", isActive: true, missed: 0 },
    ...{ everyMs: null, lastRun: null, nextAt: report.upcoming[0] },
  });
  const hours = report.upcoming.map((at: string) =>
    new Date(at).toLocaleTimeString("en-GB", { timeZone: "Europe/Paris" }),
  );
  expect(hours).toEqual(Array.from({ length: 10 }, () => "09:00:00"));
  const { id } = await kit.post(`/schedules/${report.id}/run`);
  expect((await kit.ended(id)).output).toEqual({ type: "DECLARATIVE", externalId: null });
  expect((await kit.get(`/schedules/${report.id}`)).lastRun).toMatchObject({
    id,
    state: "completed",
  });
  for (const verb of ["activate", "deactivate"]) {
    const call = { method: "POST" };
    expect(await kit.refusal(`/schedules/${report.id}/${verb}`, call)).toEqual([
      ...[409, "SERVER_STATE_CONFLICT"],
    ]);
  }
});

test("a schedule that nobody serves says how many ticks it has missed", async () => {
  const clock = new VirtualClock(Date.UTC(2026, 0, 1));
  const kit = await startRuns({ functions: [newCheck()], clock });
  const schedulesOf = async () => (await kit.get("/schedules")).data;
  const [{ nextAt }] = await schedulesOf();
  expect(nextAt).toBe("2026-01-01T00:30:00.000Z");
  // The clock goes on, and no timer of the engine with it: as if its process had stopped.
  const stopped = await startRuns({ clock: new VirtualClock(Date.UTC(2026, 0, 1, 3, 10)) });
  expect((await stopped.get("/schedules")).data).toMatchObject([
    { nextAt, missed: 6, upcoming: expect.arrayContaining(["2026-01-01T03:30:00.000Z"]) },
  ]);
  await clock.advance(HOUR);
  const [{ lastRun, missed }] = await schedulesOf();
  expect([missed, lastRun.createdAt]).toEqual([0, "2026-01-01T01:00:00.000Z"]);
});

test("a schedule is made, changed, stopped, started, run and removed", async () => {
  const clock = new VirtualClock(Date.UTC(2026, 0, 1));
  const kit = await startRuns({ tasks: [nightly, plain], clock });
  const body = { functionId: "nightly", cron: "0 * * * *", externalId: "u", deduplicationKey: "k" };
  const made = await kit.post("/schedules", body);
  expect(made).toMatchObject({
    ...{ type: "made", externalId: "u", deduplicationKey: "k", timeZone: "UTC", isActive: true },
    nextAt: "2026-01-01T01:00:00.000Z",
  });
  const path = `/schedules/${made.id}`;
  expect((await kit.post("/schedules", body)).id).toBe(made.id);
  const change = { method: "PATCH", body: { cron: "30 * * * *" } };
  expect(await kit.get(path, change)).toMatchObject({
    ...{ cron: "30 * * * *", externalId: "u", nextAt: "2026-01-01T00:30:00.000Z" },
  });
  await clock.advance(HOUR);
  const { lastRun } = await kit.get(path);
  expect((await kit.ended(lastRun.id)).output).toEqual({ type: "IMPERATIVE", externalId: "u" });
  expect((await kit.get(`/runs?scheduleId=${made.id}`)).data).toHaveLength(1);
  expect(await kit.post(`${path}/deactivate`)).toMatchObject({ isActive: false, upcoming: [] });
  await clock.advance(HOUR);
  expect((await kit.get(path)).lastRun.id).toBe(lastRun.id);
  const { id } = await kit.post(`${path}/run`);
  expect(await kit.ended(id)).toMatchObject({
    output: { type: "IMPERATIVE", externalId: "u" },
    scheduleId: made.id,
  });
  expect(await kit.post(`${path}/activate`)).toMatchObject({ nextAt: "2026-01-01T02:30:00.000Z" });
  await kit.get(path, { method: "DELETE" });
  expect(await kit.refusal(path)).toEqual([404, "SERVER_NOT_FOUND"]);
});

test("what cannot tick is refused, and so is a function that nobody knows", async () => {
  const kit = await startRuns({ tasks: [plain] });
  const refused = async (body: object): Promise<unknown> =>
    kit.refusal("/schedules", { method: "POST", body });
  for (const cron of ["every day", "61 * * * *", "0 0 30 2 *", "TZ=UTC 0 * * * *"])
    expect(await refused({ functionId: "plain", cron })).toEqual([422, "SERVER_INVALID_REQUEST"]);
  const zone = { functionId: "plain", cron: "0 * * * *", timeZone: "Mars/Base" };
  expect(await refused(zone)).toEqual([422, "SERVER_INVALID_REQUEST"]);
  expect(await refused({ functionId: "none", cron: "0 * * * *" })).toEqual([
    ...[404, "SERVER_NOT_FOUND"],
  ]);
});

test("pages hold the schedules of the code first, then those that were made", async () => {
  const kit = await startRuns({ functions: [newCheck()], tasks: [nightly, plain] });
  const made: string[] = [];
  for (const deduplicationKey of ["a", "b", "c"]) {
    const body = { functionId: "plain", cron: "0 * * * *", deduplicationKey };
    made.push((await kit.post("/schedules", body)).id);
  }
  const all = (await kit.get("/schedules")).data.map(({ id }: { id: string }) => id);
  expect(all.slice(2)).toEqual(made);
  for (const limit of [1, 2, 3]) {
    const found: string[] = [];
    for (let cursor = ""; ;) {
      const { data, page } = await kit.get(`/schedules?limit=${limit}${cursor}`);
      found.push(...data.map(({ id }: { id: string }) => id));
      if (page.next === null) break;
      cursor = `&cursor=${page.next}`;
    }
    expect(found).toEqual(all);
  }
});
