import { FlowProducer } from "../bullmq/flow-producer.ts";
import { Queue } from "../bullmq/queue.ts";
import { queueOfName } from "../queue/browse/queue-name.ts";

/** Queues by name, opened once and kept: BullMQ's own API on the server's store. */
export class OpenQueues {
  readonly #connection: string;
  readonly #queues = new Map<string, Queue>();
  #flows: FlowProducer | undefined;

  constructor(connection: string) {
    this.#connection = connection;
  }

  /** A queue, `prefix:name` if its prefix is not BullMQ's default; it is there whether or not a job was ever added, so ask the store first where that matters. */
  get(name: string): Queue {
    let queue = this.#queues.get(name);
    if (queue === undefined) {
      const { prefix, name: bareName } = queueOfName(name);
      queue = new Queue(bareName, { connection: this.#connection, prefix });
      this.#queues.set(name, queue);
    }
    return queue;
  }

  /** Adds jobs that wait for other jobs. */
  get flows(): FlowProducer {
    return (this.#flows ??= new FlowProducer({ connection: this.#connection }));
  }

  async close(): Promise<void> {
    const queues = [...this.#queues.values()];
    this.#queues.clear();
    const flows = this.#flows;
    this.#flows = undefined;
    await Promise.all([...queues.map((queue) => queue.close()), flows?.close()]);
  }
}
