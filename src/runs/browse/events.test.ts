import { expect, test } from "vitest";
import { openStore } from "../../../test/support/stores.ts";
import { toRunEvent } from "../incoming-events.ts";
import { SqliteRunStore } from "../store/sqlite/sqlite-run-store.ts";
import { listEvents } from "./events.ts";

/** Events of another name, at 2,000,000. */
const MANY = `WITH RECURSIVE many(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM many WHERE n < ?)
  INSERT INTO run_event (id, name, ts, received_at, data) SELECT 'evt_' || n, 'common', 2000000, 2000000, '{}' FROM many`;

test("a rare name is found page by page, however many events lie between", async () => {
  const store = openStore({ path: ":memory:" });
  const runs = new SqliteRunStore(store);
  const send = async (now: number): Promise<string> => {
    const event = toRunEvent({ name: "rare" }, now);
    await runs.ingest({ now, events: [event], starts: [], matches: () => true });
    return event.id;
  };
  const first = await send(1_000);
  await store.write("test", () => store.connection.sql(MANY).run(205_000));
  const last = await send(3_000_000);
  const list = async (query: { from?: number; to?: number }): Promise<[string[], number]> => {
    const found: string[] = [];
    let pages = 0;
    for (let before: number | undefined; ;) {
      const page = await listEvents(store, { limit: 1, name: "rare", ...query, before });
      found.push(...page.events.map(({ id }) => id));
      pages++;
      if (page.next === undefined) return [found, pages];
      before = page.next;
    }
  };
  const [found, pages] = await list({});
  expect(found).toEqual([last, first]);
  // No page looks at all of them.
  expect(pages).toBeGreaterThan(2);
  // What a time leaves out is not looked at.
  expect(await list({ to: 1_500 })).toEqual([[first], 1]);
  expect((await list({ from: 2_500_000 }))[0]).toEqual([last]);
});
