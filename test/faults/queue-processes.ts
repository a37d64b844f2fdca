import { spawn, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Message } from "./programs/program.ts";

/** How long a test waits for a message or an end that must come, unless it says otherwise. */
const DEADLINE_MS = 30_000;

/** How a process ended. */
export interface End {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Programs that are still running, so that none outlives its test. */
const running = new Set<Child>();

/** A program of `programs/` in a process of its own. It talks by messages and is ended by {@link endAll} at the latest. */
export class Child {
  readonly pid: number;
  readonly #process: ChildProcess;
  readonly #ended: Promise<End>;
  readonly #inbox: Message[] = [];
  readonly #name: string;
  #errors = "";
  #end: End | undefined;
  #look: () => void = () => {};

  /** @param setting goes to the program as JSON; `env` is added to ours, `wrapper` is a command to run Node under */
  constructor(
    name: string,
    setting: unknown,
    { env = {}, wrapper = [] }: { env?: Record<string, string>; wrapper?: readonly string[] } = {},
  ) {
    this.#name = name;
    const program = fileURLToPath(new URL(`./programs/${name}.ts`, import.meta.url));
    const command = [
      ...wrapper,
      process.execPath,
      "--import",
      "tsx",
      program,
      JSON.stringify(setting),
    ];
    this.#process = spawn(command[0]!, command.slice(1), {
      stdio: ["ignore", "ignore", "pipe", "ipc"],
      env: { ...process.env, ...env },
    });
    this.pid = this.#process.pid!;
    this.#process.stderr!.on("data", (chunk: Buffer) => (this.#errors += String(chunk)));
    this.#process.on("message", (message: Message) => {
      this.#inbox.push(message);
      this.#look();
    });
    this.#ended = new Promise((resolve) =>
      this.#process.once("close", (code, signal) => {
        this.#end = { code, signal };
        running.delete(this);
        this.#look();
        resolve(this.#end);
      }),
    );
    running.add(this);
  }

  send(message: Message): void {
    // One that is gone cannot be told; whoever waits for its answer hears of that.
    this.#process.send(message, () => {});
  }

  /** The next message of a type that nobody has taken yet. Rejects if the program ends before, or does not say it in time. */
  async next(type: string, withinMs = DEADLINE_MS): Promise<Message> {
    let deadline: NodeJS.Timeout | undefined;
    try {
      return await new Promise<Message>((resolve, reject) => {
        const fail = (why: string) =>
          reject(new Error(`${this.#name} (${this.pid}) ${why} "${type}"\n${this.#errors}`));
        deadline = setTimeout(() => fail(`did not say within ${withinMs} ms:`), withinMs);
        this.#look = () => {
          const index = this.#inbox.findIndex((message) => message.type === type);
          if (index >= 0) resolve(this.#inbox.splice(index, 1)[0]!);
          else if (this.#end) fail(`ended (${JSON.stringify(this.#end)}) and did not say`);
        };
        this.#look();
      });
    } finally {
      clearTimeout(deadline);
      this.#look = () => {};
    }
  }

  /** All messages of a type that nobody has taken yet. */
  take(type: string): Message[] {
    const taken = this.#inbox.filter((message) => message.type === type);
    for (const message of taken) this.#inbox.splice(this.#inbox.indexOf(message), 1);
    return taken;
  }

  /** Asks the program for something and waits for its answer: a message of the type it was asked with. */
  ask(message: Message, withinMs?: number): Promise<Message> {
    this.send(message);
    return this.next(message.type, withinMs);
  }

  signal(signal: NodeJS.Signals): void {
    if (!this.#end) process.kill(this.pid, signal);
  }

  /** How it ended. Rejects if it does not. */
  async end(withinMs = DEADLINE_MS): Promise<End> {
    let deadline: NodeJS.Timeout | undefined;
    const tooLong = new Promise<never>((_, reject) => {
      const error = new Error(`${this.#name} (${this.pid}) still runs after ${withinMs} ms`);
      deadline = setTimeout(() => reject(error), withinMs);
    });
    try {
      return await Promise.race([this.#ended, tooLong]);
    } finally {
      clearTimeout(deadline);
    }
  }

  /** SIGKILL, and waits until the process is gone. */
  async kill(): Promise<void> {
    this.signal("SIGKILL");
    await this.end();
  }
}

/** Kills whatever a test left running. */
export async function endAll(): Promise<void> {
  await Promise.all([...running].map((child) => child.kill()));
}
