import { describe, expect, it } from "vitest";
import type { FunctionDeclaration } from "../../../src/runs/definition.ts";
import { HOUR, type RunStoreKind, T0 } from "./kit.ts";

const greet: FunctionDeclaration = {
  id: "greet",
  triggers: [{ event: "user/created" }],
  retries: 3,
};
const bill: FunctionDeclaration = { id: "bill", triggers: [{ event: "order/placed" }], retries: 0 };

const ids = (functions: readonly FunctionDeclaration[]) => functions.map(({ id }) => id);

/** Which functions there are, for those who do not execute them. */
export function testDirectory({ open, openTwo }: RunStoreKind): void {
  describe("directory of functions", () => {
    it("is empty at first", () => {
      expect(open().published().functions).toEqual([]);
    });

    it("gives back what was published, without code", async () => {
      const store = open();
      const definition = { ...greet, handler: () => Promise.resolve() };
      await store.publish({ now: T0, functions: [definition], expireBefore: 0 });
      expect(store.published().functions).toEqual([greet]);
    });

    it("keeps what others published, and replaces what has changed", async () => {
      const store = open();
      await store.publish({ now: T0, functions: [greet], expireBefore: 0 });
      const before = store.published();
      await store.publish({ now: T0, functions: [bill], expireBefore: 0 });
      await store.publish({ now: T0, functions: [{ ...bill, retries: 9 }], expireBefore: 0 });
      const after = store.published();
      expect(after.functions).toEqual([greet, { ...bill, retries: 9 }]);
      expect(after.revision).not.toBe(before.revision);
    });

    it("says that nothing has changed when nothing has", async () => {
      const store = open();
      await store.publish({ now: T0, functions: [greet], expireBefore: 0 });
      const before = store.published();
      await store.publish({ now: T0 + 2 * HOUR, functions: [greet], expireBefore: 0 });
      expect(store.published()).toBe(before);
    });

    it("forgets what nobody has published for long", async () => {
      const store = open();
      await store.publish({ now: T0, functions: [greet, bill], expireBefore: 0 });
      const now = T0 + 8 * HOUR;
      await store.publish({ now, functions: [bill], expireBefore: 0 });
      await store.publish({ now, functions: [bill], expireBefore: now - HOUR });
      expect(ids(store.published().functions)).toEqual(["bill"]);
    });

    it.skipIf(!openTwo)("shows another process what was published just now", async () => {
      const [one, two] = openTwo!();
      expect(two.published().functions).toEqual([]);
      await one.publish({ now: T0, functions: [greet], expireBefore: 0 });
      expect(two.published().functions).toEqual([greet]);
    });
  });
}
