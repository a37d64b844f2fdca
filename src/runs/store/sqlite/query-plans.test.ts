import { expect, test } from "vitest";
import {
  forEvent,
  HOUR,
  pending,
  RunKit,
  T0,
  waitSpec,
} from "../../../../test/conformance/runs/kit.ts";
import { newPath, openStore } from "../../../../test/support/stores.ts";
import type { Connection, Statement } from "../../../storage/sqlite/connection.ts";
import { useTaskStores } from "../../../../test/conformance/runs/tasks-everything.ts";
import { SqliteRunStore } from "./sqlite-run-store.ts";

/** Statements that read a whole index, or sort, on purpose, and why that is little. */
const WHOLE: readonly RegExp[] = [
  /FROM run INDEXED BY run_lease WHERE owner IS NOT NULL AND owner = \?/, // all running runs, when a process has died
  /SELECT slots FROM run INDEXED BY run_lease/, // all running runs, after a limit has become lower
  /FROM run_count WHERE state/, // a row a function and state
  /SELECT 1 FROM run_ready LIMIT 1/,
  /FROM run_timer ORDER BY due LIMIT 1/,
  /ORDER BY lease_until LIMIT 1/,
  /UNION ALL/, // sorts two rows
  /SELECT entry FROM run_wait/, // sorts the answered steps of a run
  /SELECT name FROM run_queue UNION/, // a row a queue and function
  /FROM run_cron LIMIT 1/,
  /SELECT count\(\*\) FROM run_cron/, // for people, and schedules are few
  /SELECT pk FROM run ORDER BY pk DESC LIMIT 1/,
];

/** Notes all statements that are prepared. */
function spyOn(connection: Connection): Set<string> {
  const texts = new Set<string>();
  const { sql } = connection;
  const spied = (text: string): Statement => {
    texts.add(text);
    return sql(text);
  };
  Object.assign(connection, { sql: spied });
  return texts;
}

/** Uses everything once. */
async function useAll(kit: RunKit): Promise<void> {
  const { store } = kit;
  const rate = { key: "r", limit: 1, periodMs: HOUR, burst: 0 };
  const slots = [{ key: "s", limit: 1 }];
  const full = {
    slots,
    idempotency: { key: "i", until: T0 + HOUR },
    rateLimit: { ...rate, limit: 9, mode: "window" as const },
    throttle: { ...rate, mode: "gcra" as const },
    singleton: { key: "x", mode: "cancel" as const },
    cancelOn: [waitSpec("stop", { "data.a": 1, "data.b": 2 }), waitSpec("stop")],
    startTimeoutMs: HOUR,
    finishTimeoutMs: HOUR,
  };
  const run = await kit.running(full);
  await kit.start(full);
  await kit.started({ slots });
  await kit.started({ throttle: full.throttle });
  const child = kit.request({ functionId: "child" });
  await kit.append(run, [
    pending("event", T0, T0 + HOUR, forEvent("go")),
    pending("signal", T0, T0 + HOUR, { kind: "signal", signal: "go", onConflict: "replace" }),
    pending("invoke", T0, T0 + HOUR, { kind: "invoke", start: child }),
  ]);
  await kit.send("go", { a: 1 });
  await store.signal({ now: T0, signal: "go", data: "1" });
  await kit.finish(await kit.claimOne("child"));
  await kit.suspend(run, { dueAt: T0 + 5 });
  for (const key of ["debounce", "batch"])
    for (let n = 0; n < 2; n++)
      await kit.start({ [key]: { key, periodMs: 9, maxSize: 9, timeoutMs: 9 }, functionId: key });
  const late = await kit.started({ notBefore: T0 + 100 });
  const schedule = { functionId: "fn", expression: "*", nextAt: T0 + 6 };
  await store.schedule({ now: T0, schedules: [schedule] });
  await store.tick({
    now: T0,
    ...schedule,
    at: T0 + 6,
    nextAt: T0 + 99 * HOUR,
    start: kit.request(),
  });
  await kit.advanceTo(T0 + 20);
  await store.cancel({ now: T0, runId: late, reason: "" });
  await kit.send("stop", { a: 1, b: 2 });
  for (const functionId of ["fn", "debounce", "batch"])
    for (const run of await kit.claim(9, [functionId])) await kit.finish(run);
  await kit.advanceTo(T0 + 2 * HOUR);
  for (const params of [{}, { functionId: "fn" }, { state: "completed" as const }])
    await store.listRuns({ limit: 5, ...params, before: "run_x" });
  await store.runsOfEvent("evt_x");
  await useTaskStores(kit);
  await kit.advanceTo(T0 + 3 * HOUR);
  while (await store.sweep({ now: T0 + 9 * HOUR, keepRunsMs: 0, keepRuns: 0, keepEventsMs: 0 }));
}

const noValues = (text: string): null[] => [...text.matchAll(/\?/g)].map(() => null);

test("every statement finds its rows by an index", async () => {
  const store = openStore({ path: newPath(":memory:") });
  const texts = spyOn(store.connection);
  const kit = new RunKit(new SqliteRunStore(store));
  await useAll(kit);
  const statements = [...texts].filter((text) => /^\s*(SELECT|UPDATE|DELETE)/.test(text));
  expect(statements.length).toBeGreaterThan(150);
  const scans: string[] = [];
  for (const text of statements) {
    if (WHOLE.some((pattern) => pattern.test(text))) continue;
    for (const row of store.connection.sql(`EXPLAIN QUERY PLAN ${text}`).all(...noValues(text))) {
      const detail = row[3] as string;
      const isFine =
        !detail.startsWith("SCAN") ||
        /^SCAN (wanted VIRTUAL|run_timer|run_queue USING INDEX run_queue_special|\(subquery)/.test(
          detail,
        );
      if (!isFine || /TEMP B-TREE/.test(detail)) scans.push(`${detail}: ${text}`);
    }
  }
  expect(scans).toEqual([]);
});
