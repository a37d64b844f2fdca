import { Queue } from "../bullmq/queue.ts";

/** Queues by name, opened once and kept: BullMQ's own API on the server's store. */
export class OpenQueues {
  readonly #connection: string;
  readonly #queues = new Map<string, Queue>();

  constructor(connection: string) {
    this.#connection = connection;
  }

  /** A queue; it is there whether or not a job was ever added, so ask the store first where that matters. */
  get(name: string): Queue {
    let queue = this.#queues.get(name);
    if (queue === undefined) {
      queue = new Queue(name, { connection: this.#connection });
      this.#queues.set(name, queue);
    }
    return queue;
  }

  async close(): Promise<void> {
    const queues = [...this.#queues.values()];
    this.#queues.clear();
    await Promise.all(queues.map((queue) => queue.close()));
  }
}
