/** How soon an idle worker starts a job: from the call of `add` to the first line of the handler. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { sharedClockUs } from "../../clock.ts";
import type { JobQueue, Payload, QueueContext, QueueMeasure } from "../contestants/store.ts";
import { DeliveryLedger } from "../delivery.ts";
import { percentile } from "../../statistics.ts";
import { verifyCounts } from "./drain.ts";
import { follow } from "./follow.ts";
import type { Sample } from "../../measure.ts";

const NAME = "pick-up";
/** The first jobs open connections and compile code. They are checked, but not counted. */
const WARM_UP = 20;

/** Long enough that the worker has gone back to waiting, and at no fixed beat. */
const pause = () => sleep(5 + Math.random() * 15);

interface Producer {
  /** Adds one job that carries the time of its adding, and resolves with its id. */
  add(): Promise<string>;
  end(): Promise<void>;
}

async function pickUps(
  context: QueueContext,
  produce: (queue: JobQueue, address: string) => Promise<Producer>,
): Promise<Sample> {
  const store = await context.newStore();
  const queue = store.queue(NAME);
  const ledger = new DeliveryLedger();
  const latenciesMs: number[] = [];
  const onStart = (_id: string, { at }: Payload) =>
    latenciesMs.push((sharedClockUs() - Number(at)) / 1_000);
  const follower = await follow({ store, name: NAME, concurrency: 1, ledger, onStart });
  const producer = await produce(queue, store.address);
  for (let jobs = 1; jobs <= context.scale.pickUps + WARM_UP; jobs++) {
    await pause();
    ledger.added.push(await producer.add());
    await follower.reach(jobs);
  }
  await producer.end();
  await verifyCounts(queue, ledger);
  await follower.close();
  await queue.close();
  await store.drop();
  const counted = latenciesMs.slice(WARM_UP);
  return {
    p50: percentile(counted, 0.5),
    p99: percentile(counted, 0.99),
    max: Math.max(...counted),
    jobs: counted.length,
  };
}

async function sameProcess(queue: JobQueue): Promise<Producer> {
  return { add: () => queue.add({ at: sharedClockUs() }), end: async () => {} };
}

async function otherProcess(contestant: string, address: string): Promise<Producer> {
  const child = fork(new URL("../producer.ts", import.meta.url), [contestant, address, NAME], {
    execArgv: ["--import", "tsx"],
  });
  const exited = once(child, "exit").then(([code]) =>
    Promise.reject(new Error(`the producer ended with ${code}`)),
  );
  exited.catch(() => {});
  const answer = async () => String((await Promise.race([once(child, "message"), exited]))[0]);
  await answer();
  return {
    add: () => {
      const id = answer();
      child.send("add");
      return id;
    },
    end: async () => {
      child.send("end");
      await exited.catch(() => {});
    },
  };
}

const metrics = [
  { field: "p50", unit: "ms", better: "less" },
  { field: "p99", unit: "ms", better: "less" },
] as const;

export const pickUpMeasures: readonly QueueMeasure[] = [
  {
    id: "pick-up",
    title: "pick-up in the process",
    metrics,
    run: (context) => pickUps(context, sameProcess),
  },
  {
    id: "pick-up-remote",
    title: "pick-up from another",
    metrics,
    run: (context) =>
      pickUps(context, (_queue, address) => otherProcess(context.contestant, address)),
  },
];
