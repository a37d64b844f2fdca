/** A store with many jobs and a server on it, in this process; it is asked by `fetch`, so the network is left out. */
import { join } from "node:path";
import { createLonghaul } from "longhaul";
import { Queue, Worker } from "longhaul/bullmq";
import { createServer, type LonghaulServer } from "longhaul/server";
import { CheckError } from "../../check-error.ts";

const ORDERS = "orders";
const WORK = "work";
const BULK = 1_000;
/** So many are processed before; every tenth of them fails. */
const PROCESSED = 5_000;
const NAMES = 50;

/** What is searched for, with how many are to be found on the first page; at least one for `null`. */
export const QUERIES = {
  id: { title: "by an id", q: "id:77 queue:orders", found: 1 },
  name: { title: "by a name that many have", q: "name:order-7", found: 50 },
  data: {
    title: "by a rare value in the payload",
    q: "data.order.customer:customer-4711",
    found: 1,
  },
  nothing: { title: "by a text that nothing has", q: "no-such-text", found: 0 },
  error: { title: "by the text of an error", q: "error:timedout", found: 50 },
} as const;

export type QueryId = keyof typeof QUERIES;

let opened: Promise<SearchSystem> | undefined;

export class SearchSystem {
  readonly #connection: string;
  readonly #server: LonghaulServer;

  private constructor(connection: string) {
    this.#connection = connection;
    this.#server = createServer(createLonghaul({ url: connection }), {
      auth: { authorize: () => ({ name: "bench", role: "viewer" }) },
    });
  }

  /** The one of this process, filled when it is first asked for: that takes longer than any measure. It ends with the process. */
  static of(folder: string, jobs: number): Promise<SearchSystem> {
    return (opened ??= SearchSystem.#open(`file:${join(folder, "search.db")}`, jobs));
  }

  static async #open(connection: string, jobs: number): Promise<SearchSystem> {
    const system = new SearchSystem(connection);
    const queue = new Queue(ORDERS, { connection });
    for (let first = 1; first <= jobs; first += BULK)
      await queue.addBulk(Array.from({ length: BULK }, (_, n) => orderOf(first + n)));
    await queue.close();
    await system.#work(ORDERS, PROCESSED, (n) => {
      if (n % 10 === 0) throw new Error(`connect ETIMEDOUT 10.0.0.${n % 256}`);
    });
    return system;
  }

  /** The first page of a search. @returns how long it took, and whether all was looked at or the page is full */
  async search(query: QueryId): Promise<{ readonly ms: number; readonly isWhole: boolean }> {
    const { q, found } = QUERIES[query];
    const url = `http://localhost/api/v1/search/jobs?q=${encodeURIComponent(q)}`;
    const startedAt = performance.now();
    const answer = await this.#server.fetch(new Request(url));
    const { data, complete } = (await answer.json()) as Page;
    const ms = performance.now() - startedAt;
    // When its time was up the page may have fewer, and says so.
    if (answer.status !== 200 || data.length > found || (complete && data.length < found))
      throw new CheckError(
        `"${q}" found ${data.length}, ${complete ? "complete" : "not complete"}`,
      );
    return { ms, isWhole: complete || data.length === found };
  }

  /** Adds jobs to another queue and processes them. @returns jobs a second */
  async process(count: number): Promise<number> {
    const queue = new Queue(WORK, { connection: this.#connection });
    for (let first = 0; first < count; first += BULK)
      await queue.addBulk(Array.from({ length: BULK }, () => WORK_JOB));
    await queue.close();
    const startedAt = performance.now();
    await this.#work(WORK, count, () => undefined);
    return (count / (performance.now() - startedAt)) * 1_000;
  }

  /** Processes so many jobs of a queue. */
  async #work(name: string, count: number, handle: (n: number) => void): Promise<void> {
    let begun = 0;
    let ended = 0;
    let end = (): void => {};
    const isDone = new Promise<void>((resolve) => (end = resolve));
    const worker = new Worker(name, async () => handle(++begun), {
      connection: this.#connection,
      concurrency: 100,
    });
    const onEnd = () => void (++ended >= count && end());
    worker.on("completed", onEnd).on("failed", onEnd);
    await isDone;
    await worker.close();
  }
}

interface Page {
  readonly data: readonly unknown[];
  readonly complete: boolean;
}

/** Removed when it is done, so that there are as many jobs to search as before. */
const WORK_JOB = { name: "work", data: {}, opts: { removeOnComplete: true } };

/** A job with about 150 bytes of payload. */
const orderOf = (n: number) => ({
  name: `order-${n % NAMES}`,
  data: {
    order: { id: n, customer: `customer-${n}`, total: 49.95, currency: "CHF" },
    note: `left at the door of house ${n % 97}, please ring twice and wait`,
  },
});
