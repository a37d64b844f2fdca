import { randomUUID } from "node:crypto";
import {
  type ConnectionOptions,
  FlowProducer,
  type Processor,
  Queue,
  QueueEvents,
  type QueueOptions,
  Worker,
  type WorkerOptions,
} from "../../src/bullmq/index.ts";

interface Closable {
  close(): Promise<unknown>;
}

/**
 * The queues, workers and listeners of one test on one store. Queue names are the test's own, errors
 * nobody listens for fail the test, and `close()` leaves nothing behind.
 */
export class Stage {
  readonly connection: ConnectionOptions | undefined;
  readonly errors: Error[] = [];
  readonly #suffix = randomUUID().slice(0, 8);
  readonly #queues = new Map<string, Queue>();
  readonly #others: Closable[] = [];

  constructor(connection?: ConnectionOptions) {
    this.connection = connection;
  }

  name(name: string): string {
    return `${name}-${this.#suffix}`;
  }

  queue<Data = unknown, Result = unknown>(
    name = "jobs",
    opts: QueueOptions = {},
  ): Queue<Data, Result> {
    const queue = new Queue<Data, Result>(this.name(name), {
      connection: this.connection,
      ...opts,
    });
    queue.on("error", (error) => this.errors.push(error));
    this.#queues.set(queue.name, queue as Queue);
    return queue;
  }

  worker<Data = unknown, Result = unknown>(
    processor: Processor<Data, Result>,
    { name = "jobs", ...opts }: WorkerOptions = {},
  ): Worker<Data, Result> {
    const options = { connection: this.connection, ...opts };
    return this.watch(new Worker<Data, Result>(this.name(name), processor, options));
  }

  async events(name = "jobs"): Promise<QueueEvents> {
    const events = new QueueEvents(this.name(name), {
      connection: this.connection,
      lastEventId: "0",
    });
    this.watch(events);
    await events.waitUntilReady();
    return events;
  }

  flow(): FlowProducer {
    return this.watch(new FlowProducer({ connection: this.connection }));
  }

  /** Looks after something the test has made itself. */
  watch<Thing extends Closable & { on(event: "error", listener: (error: Error) => void): unknown }>(
    thing: Thing,
  ): Thing {
    thing.on("error", (error) => this.errors.push(error));
    this.#others.push(thing);
    return thing;
  }

  async close(): Promise<void> {
    await Promise.all(this.#others.map((thing) => thing.close()));
    for (const queue of this.#queues.values()) {
      await queue.obliterate({ force: true });
      await queue.close();
    }
    if (this.errors.length > 0) throw new AggregateError(this.errors, "errors during the test");
  }
}
