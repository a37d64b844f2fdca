import { describe, expect, test } from "vitest";
import { done, HOUR, MINUTE, pending, RunKit, type RunStoreKind, SECOND, T0 } from "./kit.ts";

/** Tokens: completed once, from outside, waited for by any number of runs. */
export function testTaskTokens({ open, openTwo }: RunStoreKind): void {
  const create = (
    kit: RunKit,
    token: Parameters<typeof kit.store.stores.tokens.create>[0]["token"] = {},
  ) => kit.store.stores.tokens.create({ now: kit.now, token });
  const complete = (kit: RunKit, id: string, output = '{"ok":1}') =>
    kit.store.stores.tokens.complete({ now: kit.now, id, output });

  describe("tokens", () => {
    test("are made, read and completed", async () => {
      const kit = new RunKit(open());
      const { tokens } = kit.store.stores;
      const token = await create(kit, { timeoutAt: T0 + HOUR, tags: ["a"] });
      const { id } = token;
      expect(token).toEqual({
        id,
        state: "waiting",
        createdAt: T0,
        timeoutAt: T0 + HOUR,
        tags: ["a"],
        isCached: false,
      });
      kit.now += SECOND;
      expect(await complete(kit, id)).toBe(true);
      const ended = { state: "completed", endedAt: T0 + SECOND, output: '{"ok":1}' };
      const { isCached: _, ...stored } = token;
      expect(await tokens.retrieve(id)).toEqual({ ...stored, ...ended });
      expect(await tokens.retrieve("token_x")).toBeUndefined();
    });

    test("completed after the wait, they let all runs go on that wait", async () => {
      const kit = new RunKit(open());
      const { id } = await create(kit);
      await kit.waiting({ kind: "token", tokenId: id });
      await kit.waiting({ kind: "token", tokenId: id });
      await complete(kit, id, "[1]");
      const runs = await kit.claim();
      expect(runs.map(({ journal }) => journal[0]!.data)).toEqual([
        '{"ok":true,"output":[1]}',
        '{"ok":true,"output":[1]}',
      ]);
    });

    test("completed before the wait, they are an answer at once", async () => {
      const kit = new RunKit(open());
      const { id } = await create(kit);
      await complete(kit, id, '"early"');
      await kit.waiting({ kind: "token", tokenId: id });
      expect((await kit.claimOne()).journal[0]!.data).toBe('{"ok":true,"output":"early"}');
    });

    test("the first to complete one wins", async () => {
      const kit = new RunKit(open());
      const { id } = await create(kit);
      const results = await Promise.all([complete(kit, id, "1"), complete(kit, id, "2")]);
      expect(results).toEqual([true, false]);
      expect((await kit.store.stores.tokens.retrieve(id))!.output).toBe("1");
      expect(await complete(kit, "token_x")).toBeUndefined();
    });

    test("time out at their time, with and without a wait", async () => {
      const kit = new RunKit(open());
      const timeoutAt = T0 + MINUTE;
      const [awaited, lonely] = [
        await create(kit, { timeoutAt }),
        await create(kit, { timeoutAt }),
      ];
      await kit.waiting({ kind: "token", tokenId: awaited.id });
      expect(await kit.advanceTo(T0 + MINUTE - 1)).toBe(T0 + MINUTE);
      expect(await kit.claim()).toEqual([]);
      await kit.advanceTo(T0 + MINUTE);
      expect((await kit.claimOne()).journal[0]!.data).toBe('{"ok":false}');
      for (const { id } of [awaited, lonely]) {
        expect(await kit.store.stores.tokens.retrieve(id)).toMatchObject({
          state: "timedOut",
          endedAt: T0 + MINUTE,
        });
        expect(await complete(kit, id)).toBe(false);
      }
      await kit.waiting({ kind: "token", tokenId: lonely.id });
      expect((await kit.claimOne()).journal[0]!.data).toBe('{"ok":false}');
    });

    test("at the very time of their end it is too late", async () => {
      const kit = new RunKit(open());
      const { id } = await create(kit, { timeoutAt: T0 + MINUTE });
      kit.now = T0 + MINUTE;
      expect(await complete(kit, id)).toBe(false);
    });

    test("that are completed do not time out", async () => {
      const kit = new RunKit(open());
      const { id } = await create(kit, { timeoutAt: T0 + MINUTE });
      await complete(kit, id);
      expect(await kit.advanceTo(T0 + HOUR)).toBe(Infinity);
      expect((await kit.store.stores.tokens.retrieve(id))!.state).toBe("completed");
    });

    test("that are not there are an error of the step", async () => {
      const kit = new RunKit(open());
      await kit.waiting({ kind: "token", tokenId: "token_x" });
      expect((await kit.claimOne()).journal[0]!.error).toMatchObject({
        code: "RUNS_UNKNOWN_TOKEN",
      });
    });

    test("with a key are made once, until its time", async () => {
      const kit = new RunKit(open());
      const idempotency = { key: "k", until: T0 + MINUTE };
      const first = await create(kit, { idempotency });
      expect(await create(kit, { idempotency, tags: ["other"] })).toEqual({
        ...first,
        isCached: true,
      });
      kit.now = T0 + MINUTE;
      const later = await create(kit, { idempotency: { key: "k", until: T0 + HOUR } });
      expect(later).toMatchObject({ isCached: false, idempotencyKey: "k" });
      expect(later.id).not.toBe(first.id);
      expect((await create(kit, { idempotency })).id).toBe(later.id);
    });

    test("with a given id are made once", async () => {
      const kit = new RunKit(open());
      expect(await create(kit, { id: "token_mine" })).toMatchObject({ isCached: false });
      expect(await create(kit, { id: "token_mine" })).toMatchObject({ isCached: true });
    });

    test("made by a step are in its entry, and name its run", async () => {
      const kit = new RunKit(open());
      const run = await kit.running();
      const token = { runId: run.id, timeoutAt: T0 + HOUR };
      const write = {
        ...done("token", undefined, "createToken"),
        effect: { kind: "createToken", token } as const,
      };
      const [data] = (await kit.append(run, [write])) as string[];
      const made = JSON.parse(data!) as { id: string };
      expect(await kit.store.stores.tokens.retrieve(made.id)).toMatchObject({
        ...token,
        id: made.id,
      });
      expect((await kit.store.getRun(run.id))!.journal[0]!.data).toBe(data);
    });

    test("complete what is held by another process", async () => {
      const kit = new RunKit(open());
      const { news } = kit.listen();
      const { id } = await create(kit);
      const run = await kit.running();
      await kit.append(run, [pending("wait", T0, Infinity, { kind: "token", tokenId: id })]);
      await complete(kit, id, "1");
      expect(news).toMatchObject([
        { run: run.key, answered: [{ data: '{"ok":true,"output":1}' }] },
      ]);
    });

    test.skipIf(openTwo === undefined)("are completed once by two processes", async () => {
      const [a, b] = openTwo!().map((store) => new RunKit(store)) as [RunKit, RunKit];
      const { id } = await create(a);
      const results = await Promise.all([complete(a, id, "1"), complete(b, id, "2")]);
      expect(results.filter(Boolean)).toHaveLength(1);
    });

    test("are listed newest first, by state, tag, key and time, a page at a time", async () => {
      const kit = new RunKit(open());
      const ids: string[] = [];
      for (let n = 0; n < 5; n++, kit.now += SECOND) {
        const idempotency = { key: `k${n}`, until: Infinity };
        const token = await create(kit, { tags: [`t${n % 2}`, "all"], idempotency });
        ids.unshift(token.id);
      }
      await complete(kit, ids[0]!);
      const list = async (params: object = {}) =>
        (await kit.store.stores.tokens.list({ limit: 9, ...params })).map(({ id }) => id);
      expect(await list()).toEqual(ids);
      expect(await list({ limit: 2 })).toEqual(ids.slice(0, 2));
      expect(await list({ limit: 2, after: ids[1] })).toEqual(ids.slice(2, 4));
      expect(await list({ after: "token_x" })).toEqual([]);
      expect(await list({ states: ["completed"] })).toEqual([ids[0]]);
      expect(await list({ states: ["waiting", "timedOut"] })).toEqual(ids.slice(1));
      expect(await list({ tags: ["t1"] })).toEqual([ids[1], ids[3]]);
      expect(await list({ tags: ["t1", "all"] })).toEqual(ids);
      expect(await list({ idempotencyKey: "k0" })).toEqual([ids[4]]);
      expect(await list({ from: T0 + SECOND, to: T0 + 2 * SECOND })).toEqual([ids[2], ids[3]]);
    });

    test.each([
      ["a tag of 129 characters", { tags: ["x".repeat(129)] }],
      ["eleven tags", { tags: Array.from({ length: 11 }, (_, n) => `t${n}`) }],
      ["a key of 2,049 characters", { idempotency: { key: "x".repeat(2049), until: T0 } }],
    ])("are refused with %s", async (_, token) => {
      await expect(create(new RunKit(open()), token)).rejects.toMatchObject({
        code: "RUNS_TOO_LARGE",
      });
    });

    test.each([
      ["no JSON", "{", "RUNS_NOT_JSON"],
      ["more than 3 MiB", `"${"x".repeat(3 * 1024 * 1024)}"`, "RUNS_TOO_LARGE"],
    ])("are not completed with %s", async (_, output, code) => {
      const kit = new RunKit(open());
      const { id } = await create(kit);
      await expect(complete(kit, id, output)).rejects.toMatchObject({ code });
      expect(await complete(kit, id)).toBe(true);
    });
  });
}
