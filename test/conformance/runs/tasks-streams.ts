import { describe, expect, test } from "vitest";
import type { LogEntry } from "../../../src/runs/store/log-store.ts";
import { RunKit, type RunStoreKind, T0 } from "./kit.ts";

/** Streams and logs of runs. */
export function testTaskStreams({ open, openTwo }: RunStoreKind): void {
  const append = (kit: RunKit, runId: string, chunks: string[], stream = "s") =>
    kit.store.stores.streams.append({ now: kit.now, runId, stream, chunks });
  const read = (kit: RunKit, runId: string, from = 0, limit = 100) =>
    kit.store.stores.streams.read({ runId, stream: "s", from, limit });
  const watch = (kit: RunKit, runId: string, from = 0, signal?: AbortSignal) =>
    kit.store.stores.streams.watch({ runId, stream: "s", from }, signal)[Symbol.asyncIterator]();

  describe("streams", () => {
    test("keep chunks in order, each stream of each run its own", async () => {
      const kit = new RunKit(open());
      const [a, b] = [await kit.started(), await kit.started()];
      expect(await append(kit, a, ["1", "2"])).toBe(2);
      await Promise.all([append(kit, a, ["3"]), append(kit, b, ["x"]), append(kit, a, ["4"])]);
      await append(kit, a, ["other"], "t");
      expect(await read(kit, a)).toEqual({
        chunks: ["1", "2", "3", "4"],
        next: 4,
        isClosed: false,
      });
      expect(await read(kit, a, 1, 2)).toEqual({ chunks: ["2", "3"], next: 3, isClosed: false });
      expect(await read(kit, b)).toMatchObject({ chunks: ["x"] });
      expect(await read(kit, a, 9)).toEqual({ chunks: [], next: 9, isClosed: false });
      expect(await read(kit, "run_x")).toEqual({ chunks: [], next: 0, isClosed: false });
      expect(await kit.store.stores.streams.names(a)).toEqual(["s", "t"]);
    });

    test("that are closed take no more, and say so at their end", async () => {
      const kit = new RunKit(open());
      const { streams } = kit.store.stores;
      const runId = await kit.started();
      await append(kit, runId, ["1", "2"]);
      expect(await streams.close({ now: T0, runId, stream: "s" })).toBe(true);
      expect(await streams.close({ now: T0, runId, stream: "s" })).toBe(false);
      expect(await append(kit, runId, ["3"])).toBeUndefined();
      expect(await read(kit, runId, 0, 1)).toMatchObject({ chunks: ["1"], isClosed: false });
      expect(await read(kit, runId, 1)).toMatchObject({ chunks: ["2"], isClosed: true });
      expect(await append(kit, "run_x", ["1"])).toBeUndefined();
    });

    test("are followed to their end", async () => {
      const kit = new RunKit(open());
      const runId = await kit.started();
      await append(kit, runId, ["1", "2"]);
      const chunks = watch(kit, runId, 1);
      expect(await chunks.next()).toEqual({ done: false, value: "2" });
      const third = chunks.next();
      await append(kit, runId, ["3"]);
      expect((await third).value).toBe("3");
      const fourth = chunks.next();
      await kit.store.stores.streams.close({ now: T0, runId, stream: "s" });
      expect((await fourth).done).toBe(true);
    });

    test("are followed to the end of their run, with what it said last", async () => {
      const kit = new RunKit(open());
      const run = await kit.running();
      const chunks = watch(kit, run.id);
      const first = chunks.next();
      await Promise.all([append(kit, run.id, ["1"]), kit.finish(run)]);
      expect((await first).value).toBe("1");
      expect((await chunks.next()).done).toBe(true);
    });

    test("are followed until the follower has enough", async () => {
      const kit = new RunKit(open());
      const controller = new AbortController();
      const chunks = watch(kit, await kit.started(), 0, controller.signal);
      const end = chunks.next();
      controller.abort();
      expect((await end).done).toBe(true);
    });

    test.skipIf(openTwo === undefined)("are followed from another process", async () => {
      const [a, b] = openTwo!().map((store) => new RunKit(store)) as [RunKit, RunKit];
      const runId = await a.started();
      const chunks = watch(a, runId);
      const first = chunks.next();
      await append(b, runId, ["1"]);
      expect((await first).value).toBe("1");
      await chunks.return!();
    });

    test("take no chunk over a mebibyte, and no name over 512 characters", async () => {
      const kit = new RunKit(open());
      const runId = await kit.started();
      const tooLarge = { code: "RUNS_TOO_LARGE" };
      await expect(append(kit, runId, ["x".repeat(2 ** 20 + 1)])).rejects.toMatchObject(tooLarge);
      await expect(append(kit, runId, ["1"], "x".repeat(513))).rejects.toMatchObject(tooLarge);
    });
  });

  describe("logs", () => {
    const entry = (n: number, more: Partial<LogEntry> = {}): LogEntry => ({
      at: T0 + n,
      kind: "log",
      level: "info",
      message: `line ${n}`,
      attempt: 0,
      ...more,
    });
    const list = (kit: RunKit, runId: string, after?: number) =>
      kit.store.stores.logs.list({ runId, limit: 100, after });

    test("and spans come back as they were said, in order", async () => {
      const kit = new RunKit(open());
      const runId = await kit.started();
      const entries = [
        entry(1),
        entry(2, { level: "error", properties: '{"a":1}', parentId: "span_1" }),
        entry(0, { kind: "span", spanId: "span_1", durationMs: 1.5, attempt: 2 }),
      ];
      expect(await kit.store.stores.logs.append({ runId, entries })).toBe(3);
      const seqs = [{ seq: 1 }, { seq: 2 }, { seq: 3 }];
      expect(await list(kit, runId)).toEqual(
        entries.map((said, n) => Object.assign(said, seqs[n])),
      );
      expect(await list(kit, runId, 2)).toMatchObject([{ seq: 3 }]);
    });

    test("of a run are at most 25,000; what is too long is cut or left out", async () => {
      const kit = new RunKit(open());
      const runId = await kit.started();
      const append = (entries: LogEntry[]) => kit.store.stores.logs.append({ runId, entries });
      const long = "x".repeat(70_000);
      await append([entry(0, { message: long, properties: `{"a":"${long}"}` })]);
      const [first] = await list(kit, runId);
      expect(first!.message).toHaveLength(65_536);
      expect(first).not.toHaveProperty("properties");
      const many = Array.from({ length: 24_998 }, (_, n) => entry(n));
      expect(await append(many)).toBe(24_998);
      expect(await append([entry(1), entry(2), entry(3)])).toBe(1);
      expect(await append([entry(4)])).toBe(0);
    });

    test("of a run that is not there are not stored", async () => {
      const kit = new RunKit(open());
      const params = { runId: "run_x", entries: [entry(1)] };
      expect(await kit.store.stores.logs.append(params)).toBe(0);
      expect(await list(kit, "run_x")).toEqual([]);
    });
  });
}
