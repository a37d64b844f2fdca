import fc from "fast-check";
import { expect, it } from "vitest";
import { SqliteStore } from "../storage/sqlite/store.ts";
import { getMetrics, recordMetric } from "./metrics.ts";
import { queueReader } from "./reader.ts";
import { State } from "./states.ts";
import { QueueTransaction, queueRef } from "./transaction.ts";

/** The same history as a plain list, which is how BullMQ describes it. */
class ListOfMinutes {
  points: number[] = [];
  #count = 0;
  #counted = 0;
  #since: number | undefined;

  record(now: number, max: number): void {
    const before = this.#count++;
    this.#since ??= now;
    const passed = Math.min(Math.floor(now / 60_000) - Math.floor(this.#since / 60_000), max);
    if (passed <= 0) return;
    this.points.unshift(...Array<number>(passed - 1).fill(0), before - this.#counted);
    this.points.length = Math.min(this.points.length, max);
    this.#counted = before;
    this.#since = now;
  }
}

const gap = fc.oneof(
  fc.nat(59_999),
  fc.nat(400_000),
  fc.integer({ min: -90_000, max: 0 }),
  fc.constant(3_600_000),
);

it("keeps the same minutes as a list would, without a row for idle ones", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(gap, { maxLength: 60 }),
      fc.integer({ min: 1, max: 9 }),
      async (gaps, max) => {
        let now = 1_700_000_000_000;
        const clock = { now: () => now, after: () => () => {} };
        const store = SqliteStore.open({ path: ":memory:", clock });
        const tx = new QueueTransaction(store);
        store.attach(tx);
        const ref = queueRef("bull", "metrics");
        const expected = new ListOfMinutes();
        for (const gap of gaps) {
          now += gap;
          await store.write("metrics", () => recordMetric(tx, tx.queue(ref), State.completed, max));
          expected.record(now, max);
        }
        const reader = queueReader(store);
        const read = (start: number, end: number) =>
          getMetrics(reader, ref, { type: "completed", start, end });
        const [[count], points, length] = read(0, -1);
        expect(count).toBe(String(gaps.length));
        expect(points).toEqual(expected.points.map(String));
        expect(length).toBe(expected.points.length);
        expect(read(1, 2)[1]).toEqual(expected.points.slice(1, 3).map(String));
        await store.close();
      },
    ),
    { numRuns: 40 },
  );
});

it("has nothing to say about a queue that recorded nothing", async () => {
  const store = SqliteStore.open({ path: ":memory:" });
  const ref = queueRef("bull", "nothing");
  expect(getMetrics(queueReader(store), ref, { type: "failed", start: 0, end: -1 })).toEqual([
    ["0", "0", "0"],
    [],
    0,
  ]);
  await store.close();
});
