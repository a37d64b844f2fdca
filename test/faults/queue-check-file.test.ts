/** The check that the other tests trust: it finds nothing in a sound file, and every kind of damage in a damaged one. */
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { openConnection } from "../../src/storage/sqlite/connection.ts";
import { checkFile } from "./queue-check-file.ts";
import { faultsKit, FlowProducer, Queue, Worker, type Place } from "./queue-kit.ts";

const kit = faultsKit();
let place: Place;

/** A file with something in every table: `later` is delayed, `1` completed, `2` failed, `3` active, and so on. */
beforeEach(async () => {
  place = kit.place();
  const { connection } = place;
  const queue = kit.closing(new Queue("sound", { connection }));
  const flows = kit.closing(new FlowProducer({ connection }));
  const worker = kit.closing(new Worker("sound", null, { connection, autorun: false }));
  const take = () => worker.getNextJob("token", { block: false });
  await queue.addBulk(["1", "2", "3"].map((name) => ({ name, data: {} })));
  await (await take()).moveToCompleted("done", "token", false);
  await (await take()).moveToFailed(new Error("no"), "token", false);
  await take();
  await queue.add("waiting", {}, { deduplication: { id: "one" } });
  await queue.add("prioritized", {}, { priority: 5 });
  const later = await queue.add("later", {}, { delay: 60_000 });
  await later.log("a line");
  await queue.upsertJobScheduler("tick", { every: 60_000 });
  await flows.add({
    name: "parent",
    queueName: "sound",
    children: [{ name: "child", queueName: "other", opts: { jobId: "child" } }],
  });
});

test("a sound file has nothing wrong with it", () => {
  expect(checkFile(place.path)).toEqual([]);
});

test.each([
  ["queue.waiting is", "UPDATE queue SET waiting = waiting + 1 WHERE name = 'sound'"],
  ["queue.active is", "UPDATE queue SET active = 0 WHERE name = 'sound'"],
  ["queue.event_count is", "UPDATE queue SET event_count = event_count + 1 WHERE name = 'sound'"],
  ["without gaps", "DELETE FROM event WHERE sequence = 2 AND queue = 1"],
  ["exactly one place", "INSERT INTO finished SELECT job, queue, 4, 0, 0, NULL, '1' FROM active"],
  ["stands somewhere", "DELETE FROM active"],
  ["job of that queue", "DELETE FROM job WHERE name = 'waiting'"],
  ["names its place", "UPDATE job SET minor = minor + 100 WHERE name = 'waiting'"],
  ["states are known", "UPDATE finished SET state = 9 WHERE state = 4"],
  ["ranks lie between", "UPDATE queue SET last_rank = 1 WHERE name = 'sound'"],
  ["process that is known", "UPDATE active SET owner = 4711"],
  ["job.pending_children", "UPDATE job SET pending_children = 2 WHERE name = 'parent'"],
  ["a child has a parent", "UPDATE child SET parent = 4711"],
  ["extras tell of its children", "UPDATE job SET extras = 0 WHERE name = 'parent'"],
  ["has some to wait for", "UPDATE job SET pending_children = 0 WHERE name = 'parent'"],
  [
    "a child that is waited for",
    "UPDATE job SET parent_key = 'bull:sound:other' WHERE name = 'child'",
  ],
  ["a child that is waited for", "UPDATE job SET id = 'x' WHERE name = 'child'"],
  ["a log line has a job", "UPDATE job_log SET job = 4711"],
  ["extras tell of its log", "UPDATE job SET extras = 0 WHERE name = 'later'"],
  ["deduplication id without a time", "UPDATE deduplication SET job = '4711'"],
  ["endless scheduler", "UPDATE scheduler SET next_at = next_at + 1"],
  ["rows of queues", "UPDATE scheduler SET queue = 4711"],
  ["job.opts is JSON", "UPDATE job SET opts = '{' WHERE name = 'later'"],
  ["not JSON: job", "UPDATE job SET data = '{' WHERE name = 'later'"],
  ["counted", "UPDATE event SET body = substr(body, 1, 3) WHERE sequence = 1 AND count > 1"],
])("%s: %s", (finding, damage) => {
  const path = join(place.folder, "damaged.db");
  const whole = openConnection({ path: place.path, readOnly: true });
  whole.sql("VACUUM INTO ?").run(path);
  whole.close();
  const connection = openConnection({ path });
  connection.exec(damage);
  connection.close();
  expect(checkFile(path).join("\n")).toContain(finding);
});
