/**
 * A process that adds jobs of all kinds until told to `stop`: single and in bulk, with priorities, short delays and
 * custom ids, and small flows. It keeps the ledger, and slows down while many jobs wait.
 */
import { setTimeout as pause } from "node:timers/promises";
import { withBackend } from "bullmq";
import { createSqliteBackend } from "../../../src/queue/index.ts";
import { Ledger } from "../queue-ledger.ts";
import { obey, setting, tell } from "./program.ts";

/** What a producer is told. */
export interface ProducerSetting {
  readonly connection: string;
  readonly ledger: string;
  readonly queue: string;
  readonly name: string;
  /** It adds nothing while so many jobs wait. */
  readonly mostWaiting: number;
}

const { Queue, FlowProducer } = withBackend(createSqliteBackend);
const {
  connection,
  ledger: folder,
  queue: queueName,
  name,
  mostWaiting,
} = setting<ProducerSetting>();
const ledger = new Ledger(folder, name);
const queue = new Queue(queueName, { connection });
const flows = new FlowProducer({ connection });
const stop = new AbortController();
let count = 0;

const nextKey = () => `${name}-${++count}`;
const job = (key: string, opts = {}) => ({ name: "job", data: { key }, opts });

/** Adds jobs with the ledger kept. */
async function add(keys: string[], store: () => Promise<unknown>): Promise<void> {
  for (const key of keys) ledger.write("adding", key);
  try {
    await store();
  } catch (error) {
    for (const key of keys) ledger.write("rejected", key);
    tell("rejected", {
      message: (error as Error).message,
      code: (error as { code?: unknown }).code,
    });
    return;
  }
  for (const key of keys) ledger.write("added", key);
}

const kinds: readonly (() => Promise<void>)[] = [
  () => {
    const key = nextKey();
    return add([key], () => queue.add("job", { key }));
  },
  () => {
    const key = nextKey();
    return add([key], () => queue.add("job", { key }, { jobId: key, priority: 1 + (count % 5) }));
  },
  () => {
    const key = nextKey();
    return add([key], () => queue.add("job", { key }, { delay: count % 50 }));
  },
  () => {
    const keys = Array.from({ length: 10 }, nextKey);
    return add(keys, () => queue.addBulk(keys.map((key) => job(key))));
  },
  () => {
    const [parent, ...children] = Array.from({ length: 3 }, nextKey) as [string, ...string[]];
    const inQueue = { queueName };
    return add([parent, ...children], () =>
      flows.add({
        ...job(parent),
        ...inQueue,
        children: children.map((key) => Object.assign(job(key), inQueue)),
      }),
    );
  },
];

obey({ stop: () => stop.abort() });
await queue.waitUntilReady();
tell("ready");
while (!stop.signal.aborted) {
  await Promise.all(kinds.map((kind) => kind()));
  const { waiting = 0, prioritized = 0 } = await queue.getJobCounts("waiting", "prioritized");
  await pause(waiting + prioritized > mostWaiting ? 100 : 5 + Math.random() * 10);
}
await flows.close();
await queue.close();
tell("stopped", { count });
process.disconnect?.();
