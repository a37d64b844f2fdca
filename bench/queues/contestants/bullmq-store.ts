/** The classes of BullMQ over any backend, as a store of the benchmark. Options are the library's defaults. */
import { type BackendFactory, type IQueueBackend, withBackend } from "bullmq";
import type { ConsumeOptions, Due, JobQueue, Payload, Store } from "./store.ts";

export interface BullmqStoreOptions<C> {
  readonly address: string;
  readonly factory: BackendFactory<IQueueBackend, C>;
  readonly connection: C;
  drop(): Promise<void>;
}

export function bullmqStore<C>({
  address,
  factory,
  connection,
  drop,
}: BullmqStoreOptions<C>): Store {
  const { Queue, Worker } = withBackend(factory);
  return {
    address,
    drop,

    queue(name): JobQueue {
      const queue = new Queue(name, { connection });
      let closed = false;
      // A store that is dropped while the last sockets close may complain once more.
      queue.on("error", (error) => void (closed || console.error(`${name}: ${error.message}`)));
      return {
        add: async (payload, due) => (await queue.add("job", payload, due ?? {})).id ?? missingId(),
        addBulk: async (count, payload, due) =>
          (await queue.addBulk(entries(count, payload, due))).map((job) => job.id ?? missingId()),
        counts: async () => {
          const {
            waiting = 0,
            delayed = 0,
            active = 0,
            completed = 0,
          } = await queue.getJobCounts("waiting", "delayed", "active", "completed");
          return { waiting, delayed, active, completed };
        },
        close: () => {
          closed = true;
          return queue.close();
        },
      };
    },

    async consume(name, { concurrency, onStart, onCompleted, onError }: ConsumeOptions) {
      const worker = new Worker<Payload>(
        name,
        async (job) => onStart(job.id ?? missingId(), job.data),
        { connection, concurrency },
      );
      worker.on("completed", (job) => onCompleted(job.id ?? missingId()));
      worker.on("failed", (_job, error) => onError(error));
      worker.on("error", onError);
      await worker.waitUntilReady();
      return { close: () => worker.close() };
    },
  };
}

function entries(count: number, data: Payload, due: Due | undefined) {
  const entry = due === undefined ? { name: "job", data } : { name: "job", data, opts: due };
  return Array.from({ length: count }, () => entry);
}

function missingId(): never {
  throw new Error("a job without an id");
}
