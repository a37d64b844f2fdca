import { expect, test } from "vitest";
import { openStore } from "../../../../test/support/stores.ts";
import type { FunctionDeclaration } from "../../definition.ts";
import { publishFunctions } from "./function-directory.ts";
import { SqliteRunStore } from "./sqlite-run-store.ts";
import { StoreWatch } from "./watch.ts";

const declare = (id: string): FunctionDeclaration => ({ id, triggers: [], retries: 0 });

test("what was read in a transaction that was undone is not remembered", async () => {
  const sqlite = openStore({ path: ":memory:" });
  const store = new SqliteRunStore(sqlite);
  const { tx } = StoreWatch.of(sqlite);
  const undone = sqlite.write("test", () => {
    publishFunctions(tx, { now: 1, functions: [declare("undone")], expireBefore: 0 });
    expect(store.published().functions).toEqual([declare("undone")]);
    throw new Error("undo");
  });
  await expect(undone).rejects.toThrow("undo");
  await store.publish({ now: 1, functions: [declare("other")], expireBefore: 0 });
  expect(store.published().functions).toEqual([declare("other")]);
  await store.close();
});
