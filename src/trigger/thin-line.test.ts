import { expect, test } from "vitest";
import { TriggerKit } from "../../test/support/trigger-kit.ts";
import { task, wait } from "./index.ts";

test("a task waits, and its parent waits for it", async () => {
  const child = task({
    id: "child",
    run: async (payload: { n: number; at: Date }) => {
      await wait.for({ hours: 1 });
      return { double: payload.n * 2, at: payload.at };
    },
  });
  const parent = task({
    id: "parent",
    run: async (n: number) => {
      await wait.for({ days: 1 });
      const result = await child.triggerAndWait({ n, at: new Date(0) }).unwrap();
      return result;
    },
  });
  await using kit = await TriggerKit.start([child, parent]);
  const handle = await parent.trigger(21);
  expect(handle).toMatchObject({ taskIdentifier: "parent", isCached: false });
  const began = kit.clock.now();
  expect(await kit.output(handle.id)).toEqual({ double: 42, at: new Date(0) });
  expect(kit.clock.now() - began).toBe(25 * 3_600_000);
  expect(kit.errors).toEqual([]);
});
