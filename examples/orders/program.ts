/** For the tests: the example as a process of its own. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Order } from "./order.ts";
import type { OrderStatus } from "./order-status.ts";

const main = fileURLToPath(new URL("main.ts", import.meta.url));
const built = fileURLToPath(new URL("../../dist/bullmq/index.js", import.meta.url));
const tsx = import.meta.resolve("tsx");

/** How long anything here may take; only a broken program needs it. */
const DEADLINE_MS = 30_000;

/** One run of the program. */
export class Program {
  readonly #process: ChildProcess;
  readonly #exit: Promise<unknown[]>;
  readonly #waiting = new Set<() => void>();
  output = "";

  private constructor(folder: string, env: Readonly<Record<string, string>>) {
    if (!existsSync(built))
      throw new Error("Run npm run build first: the example uses the package");
    const url = `file:${join(folder, "jobs.db")}`;
    this.#process = spawn(process.execPath, ["--import", tsx, main], {
      cwd: folder,
      env: { ...process.env, PORT: "0", ORDER_SPEED: "20", LONGHAUL_URL: url, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#exit = once(this.#process, "exit");
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream?.on("data", (chunk: Buffer) => {
        this.output += chunk.toString();
        for (const look of this.#waiting) look();
      });
    }
  }

  /** Starts it on a folder and waits until it takes orders. */
  static async start(folder: string, env: Readonly<Record<string, string>> = {}): Promise<Program> {
    const program = new Program(folder, env);
    await program.printed(/^Store/m);
    return program;
  }

  /** Where it listens. */
  get origin(): string {
    return /http:\/\/localhost:\d+/.exec(this.output)?.[0] ?? "";
  }

  /** Waits until it has printed this. */
  async printed(pattern: RegExp): Promise<void> {
    if (pattern.test(this.output)) return;
    await new Promise<void>((resolve, reject) => {
      const fail = (why: string) => reject(new Error(`${why}: ${pattern}\n${this.output}`));
      const deadline = setTimeout(() => fail("never printed"), DEADLINE_MS);
      const look = () => {
        if (!pattern.test(this.output)) return;
        clearTimeout(deadline);
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
      void this.#exit.then(() => fail("ended and never printed"));
    });
  }

  /** Sends a signal and waits for the end; how it ended. */
  async end(signal: NodeJS.Signals): Promise<{ code: unknown; signal: unknown }> {
    this.#process.kill(signal);
    const [code, by] = await this.#exit;
    return { code, signal: by };
  }

  /** Ends it if it still runs. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode === null && this.#process.signalCode === null)
      await this.end("SIGKILL");
  }

  async send(order: Partial<Order> | string): Promise<Response> {
    return await fetch(`${this.origin}/orders`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: typeof order === "string" ? order : JSON.stringify(order),
    });
  }

  async status(orderId: string): Promise<OrderStatus> {
    const response = await fetch(`${this.origin}/orders/${orderId}`);
    return (await response.json()) as OrderStatus;
  }

  /** Waits until the customer of each order was told, here or in an earlier run. */
  async completed(orderIds: Iterable<string>): Promise<void> {
    for (const orderId of orderIds) {
      const { state } = await this.status(orderId);
      if (state !== "completed") await this.printed(new RegExp(`notification-${orderId} .*done`));
    }
  }
}
