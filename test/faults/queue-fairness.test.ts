/** Several processes work one file as fast as they can: each gets its share, none waits long, nothing is run twice. */
import { expect, test } from "vitest";
import { audit } from "./queue-audit.ts";
import { checkFile } from "./queue-check-file.ts";
import { faultsKit, Queue, uniqueName, until } from "./queue-kit.ts";
import { Ledger } from "./queue-ledger.ts";
import { Child } from "./queue-processes.ts";

const kit = faultsKit();

/** The least share a process may get, of what the luckiest gets. */
const LEAST_SHARE = 0.5;
/** How long a process may wait between two claims. */
const LONGEST_WAIT_MS = 250;
/** Shares and waits depend on what else the machine does, so one quiet round is enough; the ledger must always hold. */
const ROUNDS = 3;

interface Round {
  readonly share: number;
  readonly worstWaitMs: number;
  readonly jobsPerSecond: number;
}

test.each([
  { processes: 2, durability: "relaxed", jobs: 24_000 },
  { processes: 2, durability: "full", jobs: 12_000 },
  { processes: 4, durability: "relaxed", jobs: 24_000 },
  { processes: 4, durability: "full", jobs: 12_000 },
] as const)(
  "$processes processes, $durability durability",
  async (setting) => {
    const rounds: Round[] = [];
    do rounds.push(await saturate(setting));
    while (!rounds.some(isFair) && rounds.length < ROUNDS);
    const best = rounds.at(-1)!;
    console.log(`${setting.processes} processes, ${setting.durability}: ${JSON.stringify(rounds)}`);
    expect(best.share).toBeGreaterThanOrEqual(LEAST_SHARE);
    expect(best.worstWaitMs).toBeLessThan(LONGEST_WAIT_MS);
  },
  60_000,
);

const isFair = ({ share, worstWaitMs }: Round) =>
  share >= LEAST_SHARE && worstWaitMs < LONGEST_WAIT_MS;

async function saturate({
  processes,
  durability,
  jobs,
}: {
  processes: number;
  durability: "full" | "relaxed";
  jobs: number;
}): Promise<Round> {
  const place = kit.place();
  const connection = { url: place.connection, durability };
  const queue = kit.closing(new Queue(uniqueName("fair"), { connection }));
  const ledger = new Ledger(place.ledger, "producer");
  for (let from = 0; from < jobs; from += 1000) {
    const keys = Array.from({ length: 1000 }, (_, index) => `job-${from + index}`);
    for (const key of keys) ledger.write("adding", key);
    await queue.addBulk(keys.map((key) => ({ name: "fair", data: { key } })));
    for (const key of keys) ledger.write("added", key);
  }

  const workers = Array.from(
    { length: processes },
    (_, index) =>
      new Child("queue-worker", {
        connection,
        ledger: place.ledger,
        queue: queue.name,
        name: `worker-${index}`,
        handler: "quick",
        options: { concurrency: 10 },
      }),
  );
  for (const worker of workers) await worker.next("ready");
  const startedAt = performance.now();
  for (const worker of workers) worker.send({ type: "go" });
  await until("all jobs done", async () => (await queue.getCompletedCount()) === jobs);
  const seconds = (performance.now() - startedAt) / 1000;

  const stats = (await Promise.all(
    workers.map((worker) => worker.ask({ type: "stats" })),
  )) as unknown as { claims: number; lastAt: number; worstWaitMs: number }[];
  for (const worker of workers) await worker.kill();
  const { problems, completed, startedAgain } = audit(place);
  expect(problems).toEqual([]);
  expect({ completed, startedAgain }).toEqual({ completed: jobs, startedAgain: 0 });
  expect(checkFile(place.path)).toEqual([]);

  const claims = stats.map((each) => each.claims);
  const end = Math.max(...stats.map(({ lastAt }) => lastAt));
  return {
    share: Math.min(...claims) / Math.max(...claims),
    worstWaitMs: Math.max(
      ...stats.map(({ worstWaitMs, lastAt }) => Math.max(worstWaitMs, end - lastAt)),
    ),
    jobsPerSecond: Math.round(jobs / seconds),
  };
}
