import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";

/** A script of ours in a process of its own, for tests that need several, or one to kill. */
export interface Script {
  readonly process: ChildProcess;
  /** What it prints, line by line. */
  readonly lines: AsyncIterator<string, undefined>;
  /** How it ended, and what it printed to stderr. */
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null; errors: string }>;
  /** The next line; an error with what it complained of if there is none. */
  next(): Promise<string>;
}

/** Starts a TypeScript file with arguments. It is killed when the running test ends, if it still runs then. */
export function startScript(
  file: URL,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Script {
  const child = spawn(process.execPath, ["--import", "tsx", fileURLToPath(file), ...args], {
    env: { ...process.env, ...env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (errors += text));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ended = once(child, "close").then(([code, signal]) => ({ code, signal, errors }));
  async function next(): Promise<string> {
    const { value } = await lines.next();
    if (value === undefined)
      throw new Error(`the script printed nothing more: ${(await ended).errors}`);
    return value;
  }
  return { process: child, lines, ended, next };
}
