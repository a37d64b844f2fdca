/**
 * Worker processes are killed again and again, at random moments, while another process keeps adding jobs: no job is
 * lost, none is finished twice, and the file is sound at any time.
 */
import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "vitest";
import { audit } from "./queue-audit.ts";
import { checkFile } from "./queue-check-file.ts";
import { faultsKit, Queue, uniqueName, until } from "./queue-kit.ts";
import { Child } from "./queue-processes.ts";

const kit = faultsKit();

/** How many worker processes are killed. */
const KILLS = Number(process.env["LONGHAUL_KILLS"] ?? 200);
/** The file is looked through after so many kills. */
const CHECK_EVERY = 20;
/** A worker lives up to this long after its first job. */
const LONGEST_LIFE_MS = 150;
/** Processes that are started ahead, because starting one takes longer than it lives. */
const STANDBY = 3;

test(`${KILLS} random kills`, async () => {
  const place = kit.place();
  const { connection, ledger } = place;
  const queue = kit.closing(new Queue(uniqueName("kills"), { connection }));
  await queue.waitUntilReady();

  let started = 0;
  const startWorker = () =>
    new Child("queue-worker", {
      connection,
      ledger,
      queue: queue.name,
      name: `worker-${++started}`,
      handler: "work",
      // How often a job dies with its process is left to chance here, so the number is no reason to give it up.
      options: { concurrency: 10, maxStalledCount: 1_000_000 },
    });
  const standby = Array.from({ length: STANDBY }, startWorker);
  const producer = new Child("queue-producer", {
    connection,
    ledger,
    queue: queue.name,
    name: "producer",
    mostWaiting: 500,
  });
  await producer.next("ready");

  const damage: string[] = [];
  for (let kill = 1; kill <= KILLS; kill++) {
    const worker = standby.shift()!;
    await worker.next("ready");
    worker.send({ type: "go" });
    await worker.next("started");
    await pause(Math.random() * LONGEST_LIFE_MS);
    await worker.kill();
    standby.push(startWorker());
    if (kill % CHECK_EVERY === 0) damage.push(...checkFile(place.path));
  }

  const last = standby[0]!;
  await last.next("ready");
  last.send({ type: "go" });
  producer.send({ type: "stop" });
  const { count } = await producer.next("stopped");
  await until("all jobs done", async () => (await queue.getCompletedCount()) === count, 60_000);
  // Acknowledgements reach the ledger a moment after the file.
  await last.ask({ type: "close" });

  expect([...damage, ...checkFile(place.path)]).toEqual([]);
  const { problems, added, completed, failed, startedAgain } = audit(place);
  console.log(`${KILLS} kills: ${added} jobs, ${startedAgain} of them started again`);
  expect(problems).toEqual([]);
  expect({ added, completed, failed }).toEqual({ added: count, completed: count, failed: 0 });
  expect(producer.take("rejected")).toEqual([]);
}, 300_000);
