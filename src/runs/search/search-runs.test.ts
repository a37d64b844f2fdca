import { expect, onTestFinished, test } from "vitest";
import { parseSearch } from "../../core/search/search-query.ts";
import { Inngest } from "../../inngest/index.ts";
import { createLonghaul } from "../../runtime/longhaul.ts";
import { partsOf } from "../../runtime/parts.ts";
import { recentlyFailedRuns } from "./recent-failures.ts";
import { readRunTotals } from "./run-totals.ts";
import { searchRuns } from "./search-runs.ts";

const ignore = (): void => {};
const SILENT = { debug: ignore, info: ignore, warn: ignore, error: ignore };

async function open() {
  const inngest = new Inngest({ id: "app", logger: SILENT });
  const welcome = inngest.createFunction(
    { id: "welcome", triggers: [{ event: "user/created" }], retries: 0 },
    ({ event }) => {
      if (event.data["bad"] === true) throw new Error(`no route to ${String(event.data["n"])}`);
      return { sent: true };
    },
  );
  const bill = inngest.createFunction(
    { id: "bill", triggers: [{ event: "order/made" }] },
    ({ step }) => step.sleep("later", "1d"),
  );
  const longhaul = createLonghaul({ url: ":memory:", functions: [welcome, bill] });
  onTestFinished(() => longhaul.close());
  await longhaul.start();
  const [first, second, order] = await longhaul.send([
    { name: "user/created", data: { n: 1, user: { name: "Ada" } } },
    { name: "user/created", data: { n: 2, bad: true } },
    { name: "order/made", data: { n: 3 } },
  ]);
  const { store, engine } = partsOf(longhaul);
  await engine.whenQuiet();
  const idOf = async (event: string | undefined) => (await longhaul.runsOfEvent(event!))[0]!.id;
  const ids = { ok: await idOf(first), bad: await idOf(second), order: await idOf(order) };
  const find = async (q: string, page = {}) =>
    searchRuns(store, { query: parseSearch(q, Date.now()), limit: 10, ...page });
  return { store, ids, find };
}

test("runs are found by what they are, and by what they were given", async () => {
  const { ids, find } = await open();
  const all = [ids.order, ids.bad, ids.ok];
  for (const [q, expected] of [
    ["", all],
    [`id:${ids.bad}`, [ids.bad]],
    ["name:app-welcome", [ids.bad, ids.ok]],
    ["name:app-*", all],
    ["state:failed", [ids.bad]],
    ["state:completed state:waiting", [ids.order, ids.ok]],
    ["data.n:3", [ids.order]],
    ["data.user.name:Ada", [ids.ok]],
    ["ada", [ids.ok]],
    ["error:route", [ids.bad]],
    ["after:1h", all],
    ["before:1h", []],
    ["tag:none", []],
    ["queue:none", []],
    ["nowhere", []],
  ] as const) {
    const { rows, next } = await find(q);
    expect({ q, found: rows.map(({ id }) => id), next }).toEqual({
      q,
      found: expected,
      next: null,
    });
  }
  await expect(find("state:active")).rejects.toMatchObject({ code: "SERVER_BAD_SEARCH" });
  const page = await find("", { limit: 2 });
  expect(page.rows.map(({ id }) => id)).toEqual(all.slice(0, 2));
  const rest = await find("", { limit: 2, from: page.next });
  expect(rest).toMatchObject({ rows: [{ id: ids.ok }], next: null });
});

test("failed runs are told with their error, and all are counted", async () => {
  const { store, ids } = await open();
  const { rows } = await recentlyFailedRuns(store, { limit: 10 });
  expect(rows).toMatchObject([
    { id: ids.bad, functionId: "app-welcome", message: "no route to 2" },
  ]);
  expect(rows[0]?.stack).toContain("search-runs.test.ts");
  expect(await readRunTotals(store)).toMatchObject({ completed: 1, failed: 1, waiting: 1 });
});
