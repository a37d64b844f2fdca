/** A store with a server and clients in processes of their own; what makes progress is here. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Job, Queue, Worker } from "longhaul/bullmq";
import type { ClientReport, Command, Message } from "./protocol.ts";
import { nowMs } from "./protocol.ts";

/** The queue whose jobs are watched. */
const WATCHED = "watched";
const WORK = "work";

let stores = 0;

export class LiveSystem {
  readonly #connection: string;
  readonly #watched: Queue;
  readonly #children: ChildProcess[] = [];
  #clients: ChildProcess | undefined;
  #url = "";

  private constructor(folder: string) {
    this.#connection = `file:${join(folder, `live-${++stores}.db`)}`;
    this.#watched = new Queue(WATCHED, { connection: this.#connection });
  }

  static async open(folder: string): Promise<LiveSystem> {
    const system = new LiveSystem(folder);
    await system.#watched.waitUntilReady();
    const server = system.#fork("./server-process.ts", [system.#connection]);
    const { port } = await hear(server, "listening");
    system.#url = `http://127.0.0.1:${port}/api/v1/stream`;
    system.#clients = system.#fork("./clients-process.ts", []);
    return system;
  }

  get streamUrl(): string {
    return this.#url;
  }

  /** Connects clients, each to one of these jobs. */
  async connect(jobs: readonly Job[], count: number): Promise<void> {
    const topics = jobs.map(({ id }) => `job:${WATCHED}:${id}`);
    await this.#ask({ kind: "connect", url: this.#url, topics, count }, "connected");
  }

  /** What clients received, once all have seen their job's end. */
  report(): Promise<ClientReport> {
    return this.#ask({ kind: "report" }, "report");
  }

  async disconnect(): Promise<void> {
    await this.#ask({ kind: "close" }, "closed");
  }

  /** Starts jobs that only others end. @returns them, and what ends them */
  async startJobs(count: number): Promise<{ readonly jobs: Job[]; end(): Promise<void> }> {
    const jobs: Job[] = [];
    let end = (): void => {};
    const isOver = new Promise<void>((resolve) => (end = resolve));
    const worker = new Worker(
      WATCHED,
      async (job: Job) => {
        jobs.push(job);
        await isOver;
      },
      { connection: this.#connection, concurrency: count },
    );
    await this.#watched.addBulk(Array.from({ length: count }, () => ({ name: "job", data: {} })));
    while (jobs.length < count) await sleep(5);
    return {
      jobs,
      end: async () => {
        end();
        await worker.close();
      },
    };
  }

  /** Makes progress known `perSecond` times a second, of each job in turn, until told to stop. */
  makeProgress(jobs: readonly Job[], perSecond: number): { stop(): Promise<void> } {
    const under = new Set<Promise<void>>();
    const startedAt = performance.now();
    let made = 0;
    const timer = setInterval(() => {
      const due = ((performance.now() - startedAt) * perSecond) / 1_000;
      for (; made < due; made++) {
        const progress = jobs[made % jobs.length]!.updateProgress({ n: made, at: nowMs() });
        const done = progress.finally(() => under.delete(done));
        under.add(done);
      }
    }, 1);
    return {
      stop: async () => {
        clearInterval(timer);
        await Promise.all(under);
      },
    };
  }

  /** Makes progress of one job known so many times, as fast as it goes. */
  async burst(job: Job, count: number): Promise<void> {
    for (let n = 0; n < count; n++) await job.updateProgress({ n });
  }

  /** Adds jobs to another queue, and processes them. @returns jobs a second */
  async process(count: number, concurrency: number): Promise<number> {
    const queue = new Queue(WORK, { connection: this.#connection });
    for (let first = 0; first < count; first += 1_000)
      await queue.addBulk(Array.from({ length: 1_000 }, () => ({ name: "job", data: {} })));
    let left = count;
    let end = (): void => {};
    const isDone = new Promise<void>((resolve) => (end = resolve));
    const worker = new Worker(WORK, async () => undefined, {
      connection: this.#connection,
      concurrency,
      autorun: false,
    });
    worker.on("completed", () => void (--left === 0 && end()));
    await worker.waitUntilReady();
    const startedAt = performance.now();
    void worker.run();
    await isDone;
    const rate = (count / (performance.now() - startedAt)) * 1_000;
    await worker.close();
    await queue.close();
    return rate;
  }

  async drop(): Promise<void> {
    for (const child of this.#children) {
      child.kill("SIGKILL");
      await once(child, "exit");
    }
    await this.#watched.close();
  }

  #fork(file: string, args: readonly string[]): ChildProcess {
    const child = fork(new URL(file, import.meta.url), args, {
      execArgv: ["--import", "tsx"],
    });
    this.#children.push(child);
    return child;
  }

  async #ask<K extends Message["kind"]>(
    command: Command,
    kind: K,
  ): Promise<Message & { readonly kind: K }> {
    const heard = hear(this.#clients!, kind);
    this.#clients!.send(command);
    return heard;
  }
}

/** Resolves with the next message of a kind; rejects when the process ends. */
function hear<K extends Message["kind"]>(
  child: ChildProcess,
  kind: K,
): Promise<Message & { readonly kind: K }> {
  return new Promise((resolve, reject) => {
    const listener = (message: Message): void => {
      if (message.kind !== kind) return;
      child.off("message", listener);
      resolve(message as Message & { readonly kind: K });
    };
    child.on("message", listener);
    child.once("exit", (code) => reject(new Error(`a process ended with ${code}`)));
  });
}
