import { expect, it } from "vitest";
import {
  functionOfQueue,
  isQueueName,
  queueOfSlot,
  queuePrefix,
  queueSlot,
  taskQueueName,
} from "./queue-store.ts";

it.each([
  ["mail", undefined],
  ["mail", "user_1"],
  ["task/send", "a\nb"],
  ["mail:x", "queue:y\n"],
])("the slot of %s with the key %s tells its queue", (name, key) => {
  const slot = queueSlot(name, 3, key);
  expect(slot.limit).toBe(3);
  expect(queueOfSlot(slot.key)).toBe(name);
  expect(slot.key.startsWith(queuePrefix(name))).toBe(true);
});

it("slots of functions belong to no queue", () => {
  expect(queueOfSlot('["fn","send-mail"]')).toBeUndefined();
});

it("the queue of a function tells it", () => {
  expect(functionOfQueue(taskQueueName("send"))).toBe("send");
  expect(functionOfQueue("mail")).toBeUndefined();
});

it.each([
  ["mail", true],
  ["x".repeat(512), true],
  ["x".repeat(513), false],
  ["", false],
  ["a\nb", false],
])("whether %j is a name", (name, isName) => {
  expect(isQueueName(name)).toBe(isName);
});
