import { expect, test } from "vitest";
import { InngestKit, silent } from "../../test/support/inngest-kit.ts";
import { Inngest } from "./index.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const inngest = new Inngest({ id: "app", logger: silent });

/** A kit whose clock stands at a time of the day, UTC. */
async function startAt(time: number, functions: Parameters<typeof InngestKit.start>[0]) {
  const kit = await InngestKit.start(functions);
  await kit.advance(time - kit.clock.now());
  return kit;
}

test.each([
  ["every hour", "0 * * * *", "2026-01-01T00:30Z", ["01:00", "02:00"], 2 * HOUR],
  ["daily at midnight", "0 0 * * *", "2026-01-01T12:00Z", ["00:00", "00:00"], 48 * HOUR],
  ["Monday at 9", "0 9 * * 1", "2026-01-02T00:00Z", ["09:00"], 7 * 24 * HOUR],
  ["first of the month", "0 0 1 * *", "2026-01-02T00:00Z", ["00:00"], 31 * 24 * HOUR],
  [
    "every 15 minutes",
    "*/15 * * * *",
    "2026-01-01T00:10Z",
    ["00:15", "00:30", "00:45"],
    40 * MINUTE,
  ],
])("cron: %s", async (_title, cron, start, times, forMs) => {
  const ticks: string[] = [];
  const fn = inngest.createFunction({ id: "f" }, { cron }, ({ event }) => {
    ticks.push(new Date(event.ts).toISOString().slice(11, 16));
  });
  await using kit = await startAt(Date.parse(start), [fn]);
  ticks.length = 0;
  await kit.advance(forMs);
  expect(ticks).toEqual(times);
});

test("cron: the event says which; two crons of one instant start one run", async () => {
  const fn = inngest.createFunction(
    { id: "f", triggers: [{ cron: "0 * * * *" }, { cron: "0 9 * * *" }, { event: "now" }] },
    ({ event }) => [event.name, event.data],
  );
  await using kit = await startAt(Date.parse("2026-01-01T08:30Z"), [fn]);
  const before = (await kit.runs("app-f")).length;
  await kit.advance(HOUR);
  const runs = (await kit.runs("app-f")).slice(before);
  expect(runs).toHaveLength(1);
  const [name, data] = JSON.parse(runs[0]!.output!) as [string, { cron: string }];
  expect([name, data.cron]).toEqual([
    "inngest/scheduled.timer",
    expect.stringMatching(/^0 (\*|9) /),
  ]);
  await inngest.send({ name: "now", data: { n: 1 } });
  expect(await kit.output("app-f")).toEqual(["now", { n: 1 }]);
});

test("cron: a function of a schedule can be invoked", async () => {
  const report = inngest.createFunction({ id: "report" }, { cron: "0 0 1 1 *" }, ({ event }) => [
    event.name,
    event.data,
  ]);
  const fn = inngest.createFunction({ id: "f" }, { event: "go" }, async ({ step }) =>
    step.invoke("now", { function: report, data: { by: "hand" } }),
  );
  await using kit = await InngestKit.start([report, fn]);
  await inngest.send({ name: "go" });
  expect(await kit.output("app-f")).toEqual(["inngest/function.invoked", { by: "hand" }]);
});
