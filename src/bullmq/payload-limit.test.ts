import { afterEach, expect, test } from "vitest";
import { FlowProducer, Queue } from "./index.ts";

const connection = ":memory:";
const open: { close(): Promise<void> }[] = [];

afterEach(async () => {
  for (const resource of open.splice(0)) await resource.close();
});

const tooLarge = (bytes: number) =>
  expect.objectContaining({
    code: "BULLMQ_PAYLOAD_TOO_LARGE",
    message: expect.stringContaining(`is ${bytes} bytes`),
  });

test("a payload above the limit is refused, by its bytes and not its characters", async () => {
  const queue = new Queue("limited", { connection, maxPayloadBytes: 12 });
  open.push(queue);
  await queue.add("fits", "1234567890");
  await expect(queue.add("long", "12345678901")).rejects.toThrow(tooLarge(13));
  await expect(queue.add("wide", "ééééé1")).rejects.toThrow(tooLarge(13));
  expect(await queue.count()).toBe(1);
});

test("addBulk stores nothing when one payload is above the limit", async () => {
  const queue = new Queue("bulk", { connection, maxPayloadBytes: 12 });
  open.push(queue);
  const jobs = ["short", "much too long"].map((data) => ({ name: "a", data }));
  await expect(queue.addBulk(jobs)).rejects.toThrow(tooLarge(15));
  expect(await queue.count()).toBe(0);
});

test("nor does a flow, whose producer has the limits", async () => {
  const queue = new Queue("flow", { connection });
  const flows = new FlowProducer({ connection, maxPayloadBytes: 12 });
  open.push(queue, flows);
  const child = { name: "child", queueName: "flow", data: "much too long" };
  const tree = { name: "parent", queueName: "flow", data: "short", children: [child] };
  await expect(flows.add(tree)).rejects.toThrow(tooLarge(15));
  expect(await queue.getJobCountByTypes("waiting", "waiting-children")).toBe(0);
});

test("nor is a schedule made of such a job", async () => {
  const queue = new Queue("scheduled", { connection, maxPayloadBytes: 12 });
  open.push(queue);
  const late = { name: "late", data: "much too long" };
  await expect(queue.upsertJobScheduler("s", { every: 1000 }, late)).rejects.toThrow(tooLarge(15));
  await expect(queue.add("late", late.data, { repeat: { every: 1000 } })).rejects.toThrow(
    tooLarge(15),
  );
  expect(await queue.getJobSchedulersCount()).toBe(0);
});

test("a large payload is warned of once for each name", async () => {
  const queue = new Queue("warned", { connection });
  open.push(queue);
  const seen: Error[] = [];
  const listen = (warning: Error) => void seen.push(warning);
  process.on("warning", listen);
  const megabyte = "x".repeat(1024 ** 2);
  for (const name of ["report", "report", "film"]) await queue.add(name, megabyte);
  await queue.add("small", "x");
  // Warnings come in a later turn.
  await new Promise((resolve) => setImmediate(resolve));
  process.off("warning", listen);
  expect(seen.map(({ name, message }) => [name, message])).toEqual([
    ["LonghaulWarning", expect.stringMatching(/report.*warned.*1048578 bytes, above 262144/)],
    ["LonghaulWarning", expect.stringMatching(/film.*warned.*1048578 bytes/)],
  ]);
  expect(seen[0]).toMatchObject({ code: "LARGE_PAYLOAD" });
});

test("nobody is warned with warnPayloadBytes: Infinity", async () => {
  const queue = new Queue("quiet", { connection, warnPayloadBytes: Infinity });
  open.push(queue);
  const seen: Error[] = [];
  const listen = (warning: Error) => void seen.push(warning);
  process.on("warning", listen);
  await queue.add("report", "x".repeat(1024 ** 2));
  await new Promise((resolve) => setImmediate(resolve));
  process.off("warning", listen);
  expect(seen).toEqual([]);
});

test.each([
  [{ maxPayloadBytes: 0 }],
  [{ maxPayloadBytes: 1.5 }],
  [{ warnPayloadBytes: "1 MB" as never }],
])("%j is refused", (limits) => {
  const refused = expect.objectContaining({ code: "BULLMQ_BAD_QUEUE_OPTION" });
  expect(() => new Queue("a", { connection, ...limits })).toThrow(refused);
  expect(() => new FlowProducer({ connection, ...limits })).toThrow(refused);
});
