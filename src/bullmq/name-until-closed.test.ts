import type * as bullmq from "bullmq";
import { expect, test } from "vitest";
import { nameUntilClosed } from "./name-until-closed.ts";

test("a name that comes after the end takes no connection; one that comes before it does", async () => {
  const names: string[] = [];
  const connection = {
    isClosing: undefined as Promise<void> | undefined,
    setListenClientName: async (name: string) => void names.push(name),
  };
  nameUntilClosed({ connection } as unknown as bullmq.IQueueBackend);
  await connection.setListenClientName("early");
  connection.isClosing = Promise.resolve();
  await connection.setListenClientName("late");
  expect(names).toEqual(["early"]);
});
