import { expect, test } from "vitest";
import { newPath, openStore } from "../../../test/support/stores.ts";
import type { SqlValue } from "../../storage/sqlite/connection.ts";
import { SqliteRunStore } from "../store/sqlite/sqlite-run-store.ts";
import { listEvents, readEvent } from "./events.ts";
import { listFunctions, readFunction } from "./functions.ts";
import type { Reader } from "./reader.ts";
import { readAccess, readChildren, readRun } from "./run.ts";
import { declaredSchedules, lastTickRun } from "./schedules.ts";
import { readStep, readSteps } from "./steps.ts";
import { readTrace } from "./trace.ts";
import { whyWaiting } from "./why.ts";
import { createStartRequest } from "../start-request.ts";

/** Statements that read a whole table, or its last row, on purpose, and why that is little. */
const WHOLE = [
  /declaration IS NOT NULL ORDER BY id/, // a row a function
  /CROSS JOIN run_schedule/, // a row a schedule
  /FROM run_event ORDER BY pk DESC LIMIT 1/,
];

const event = { id: "evt_1", externalId: "order-1", name: "shop/order", data: {}, ts: 1 };
const fn = { id: "fn", triggers: [{ cron: "0 9 * * *" }], retries: 0 };

test("everything that people look at is found by an index", async () => {
  const store = openStore({ path: newPath(":memory:") });
  const runs = new SqliteRunStore(store);
  const slots = [{ key: "queue:one\n", limit: 1 }];
  const request = () =>
    Object.assign(createStartRequest(fn, [event], { now: 1 }), { idempotency: undefined, slots });
  const [start, held] = [request(), request()];
  const batch = { now: 1, events: [event], starts: [start, held], matches: () => true };
  await runs.ingest(batch);
  await runs.publish({ now: 1, functions: [fn], expireBefore: 0 });
  const texts = new Set<string>();
  const reader: Reader = {
    query: (sql: string, params: SqlValue[]) => {
      texts.add(sql);
      return store.query(sql, params);
    },
  };
  await listFunctions(reader, { limit: 10 });
  await readFunction(reader, "fn");
  await listEvents(reader, { limit: 10, name: "shop/order", from: 0, to: 99 });
  await readEvent(reader, "order-1");
  await declaredSchedules(reader);
  await lastTickRun(reader, { functionId: "fn", text: "0 9 * * *" });
  for (const { runId } of [start, held]) {
    await readAccess(reader, runId);
    await readChildren(reader, runId, 10);
    await readSteps(reader, runId, { limit: 10, maxData: 10 });
    await readStep(reader, runId, 1);
    await readTrace(reader, (await readRun(reader, runId))!, { limit: 10 });
    await whyWaiting(reader, runId);
  }
  expect(texts.size).toBeGreaterThan(25);
  const scans: string[] = [];
  for (const text of texts) {
    if (WHOLE.some((pattern) => pattern.test(text))) continue;
    const values = [...text.matchAll(/\?/g)].map(() => null);
    for (const row of store.connection.sql(`EXPLAIN QUERY PLAN ${text}`).all(...values)) {
      const detail = row[3] as string;
      const isFine =
        !detail.startsWith("SCAN") || /^SCAN (wanted VIRTUAL|recent|\(subquery)/.test(detail);
      // The reader's own clause that sorts two rows.
      if (!isFine || (/TEMP B-TREE/.test(detail) && !/UNION ALL/.test(text)))
        scans.push(`${detail}: ${text}`);
    }
  }
  expect(scans).toEqual([]);
});
