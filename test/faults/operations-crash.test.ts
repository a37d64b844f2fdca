/**
 * A process that works on a bulk operation is killed around its commits. The next one goes on where it was: every job
 * that fitted is retried once, and no other.
 */
import { expect, test } from "vitest";
import { faultsKit, Queue, until, Worker } from "./queue-kit.ts";
import { Child } from "./queue-processes.ts";

const kit = faultsKit();
const JOBS = 450;
const FAILED = 440;

test.each([
  "operation:add:after-commit",
  "operation:before-commit#1",
  "operation:after-commit#1",
  "operation:before-commit#3",
  "operation:after-commit#3",
  "operation:before-commit#5",
  "operation:after-commit#5",
])("killed at %s", async (place) => {
  const { queue, next, list } = await killAt(place);
  await until("the operation is over", async () => (await list())[0]?.state !== "running");
  expect(await list()).toMatchObject([{ state: "completed", done: FAILED, skipped: 0 }]);
  expect(await queue.getJobCounts("failed", "waiting")).toEqual({ failed: 0, waiting: JOBS });
  next.send({ type: "close" });
  expect((await next.end()).code).toBe(0);
});

test("killed before it was stored: it never was", async () => {
  const { queue, list } = await killAt("operation:add:before-commit");
  expect(await list()).toEqual([]);
  expect(await queue.getFailedCount()).toBe(FAILED);
});

/** A queue with failed jobs; a process that was killed when it retried them; and the next one. */
async function killAt(place: string) {
  const { connection } = kit.place();
  const queue = kit.closing(new Queue("q", { connection }));
  const worker = kit.closing(new Worker("q", null, { connection, autorun: false }));
  await queue.addBulk(Array.from({ length: JOBS }, (_, n) => ({ name: "x", data: { n } })));
  for (let n = 0; n < FAILED; n++)
    await (await worker.getNextJob("t"))?.moveToFailed(new Error("no"), "t", false);

  const body = { target: "jobs", action: "retry", filter: { q: "state:failed" } };
  const ask = (method: string, path: string, given?: unknown) => ({
    ...{ type: "ask", method, path, body: given },
  });
  const killed = new Child(
    "operations-server",
    { connection },
    { env: { LONGHAUL_CRASH_AT: place } },
  );
  killed.send(ask("POST", "/operations", body));
  expect(await killed.end()).toEqual({ code: null, signal: "SIGKILL" });

  const next = new Child("operations-server", { connection });
  const list = async () => {
    const { body: page } = await next.ask(ask("GET", "/operations"));
    return (page as { data: { state: string; done: number; skipped: number }[] }).data;
  };
  return { queue, next, list };
}
