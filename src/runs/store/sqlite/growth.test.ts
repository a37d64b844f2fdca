/**
 * What things cost does not depend on how many runs sleep, wait or are held back: each does as many statements, and
 * reads as many rows, as without them. That each statement finds its rows by an index: query-plans.test.ts.
 */
import { expect, test } from "vitest";
import { forEvent, HOUR, pending, RunKit, T0 } from "../../../../test/conformance/runs/kit.ts";
import { newPath, openStore } from "../../../../test/support/stores.ts";
import type { Connection, Statement } from "../../../storage/sqlite/connection.ts";
import { SqliteRunStore } from "./sqlite-run-store.ts";

interface Cost {
  statements: number;
  rows: number;
}

/** Counts what is asked of a database. */
function countOn(connection: Connection): Cost {
  const cost: Cost = { statements: 0, rows: 0 };
  const { sql } = connection;
  const wrapped = new Map<string, Statement>();
  const wrap = (statement: Statement): Statement => ({
    run: (...values) => {
      cost.statements++;
      return statement.run(...values);
    },
    get: (...values) => {
      cost.statements++;
      const row = statement.get(...values);
      if (row !== undefined) cost.rows++;
      return row;
    },
    all: (...values) => {
      cost.statements++;
      const rows = statement.all(...values);
      cost.rows += rows.length;
      return rows;
    },
  });
  const counting = (text: string): Statement => {
    let statement = wrapped.get(text);
    if (statement === undefined) wrapped.set(text, (statement = wrap(sql(text))));
    return statement;
  };
  Object.assign(connection, { sql: counting });
  return cost;
}

/** Starts so many runs in as few transactions as there is memory for. */
async function startMany(kit: RunKit, count: number, more: object): Promise<void> {
  const requests = Array.from({ length: count }, () => kit.request(more));
  const events = requests.flatMap((request) => request.events);
  await kit.store.ingest({ now: kit.now, ...kit.batch(events, requests) });
}

/** So many runs that sleep for an hour, and so many that wait for events of one name. */
async function sleepers(kit: RunKit, count: number, waiting: number): Promise<void> {
  await startMany(kit, count, {});
  const dueAt = T0 + HOUR;
  for (let first = 0; first < count; first += 1_000) {
    const claimed = await kit.claim(1_000);
    await Promise.all(
      claimed.map((run, index) => {
        const n = first + index;
        const wait = n < waiting ? forEvent("paid", { "data.order": n }) : undefined;
        return kit.suspend(run, { dueAt, writes: [pending("step", T0, dueAt, wait)] });
      }),
    );
  }
}

/** What one run costs from its event to its end, with a sleep and a wait that is answered, and a clock that moves on. */
async function journey(kit: RunKit, cost: Cost, slot: string): Promise<Cost> {
  const before = { ...cost };
  await kit.started({ functionId: "other", slots: [{ key: slot, limit: 1 }] });
  const first = await kit.claimOne("other");
  await kit.suspend(first, {
    dueAt: kit.now + 5,
    writes: [pending("wait", kit.now, kit.now + 5, forEvent("paid", { "data.order": "mine" }))],
  });
  await kit.send("paid", { order: "mine" });
  const second = await kit.claimOne("other");
  await kit.suspend(second, { dueAt: kit.now + 1, writes: [pending("nap", kit.now, kit.now + 1)] });
  await kit.store.advance({ now: (kit.now += 1) });
  await kit.finish(await kit.claimOne("other"));
  return { statements: cost.statements - before.statements, rows: cost.rows - before.rows };
}

function setUp() {
  const sqlite = openStore({ path: newPath(":memory:") });
  const cost = countOn(sqlite.connection);
  return { cost, kit: new RunKit(new SqliteRunStore(sqlite)) };
}

test("100,000 sleeping runs, 10,000 of them waiting for one event name, cost others nothing", async () => {
  const { cost, kit } = setUp();
  await sleepers(kit, 10, 2);
  await journey(kit, cost, "warm");
  const few = await journey(kit, cost, "few");
  await sleepers(kit, 100_000, 10_000);
  expect(await journey(kit, cost, "many")).toEqual(few);
}, 120_000);

test("50,000 runs that are held back under one key cost other keys nothing", async () => {
  const { cost, kit } = setUp();
  const held = { functionId: "other", slots: [{ key: "full", limit: 1 }] };
  await kit.started(held);
  await kit.claimOne("other");
  await startMany(kit, 10, held);
  await journey(kit, cost, "warm");
  const few = await journey(kit, cost, "few");
  await startMany(kit, 50_000, held);
  expect(await journey(kit, cost, "many")).toEqual(few);
}, 120_000);
