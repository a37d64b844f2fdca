import { join } from "node:path";
import { onTestFinished } from "vitest";
import { commands } from "../../src/cli/commands/index.ts";
import type { Streams } from "../../src/cli/output.ts";
import { runCli } from "../../src/cli/run-cli.ts";
import { createLonghaul, type Longhaul } from "../../src/runtime/longhaul.ts";
import type { LonghaulOptions } from "../../src/runtime/options.ts";
import { type Script, startScript } from "./child-process.ts";
import { tempFolder } from "./temp-folder.ts";

/** How a command line ended. */
export interface CliResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A new store that nobody has made yet. */
export const newStoreUrl = (): string => `file:${join(tempFolder(), "jobs.db")}`;

/** Runs a command line in this process. */
export async function cli(args: readonly string[], { isTTY = false } = {}): Promise<CliResult> {
  const written = { stdout: "", stderr: "" };
  const streamTo = (name: keyof typeof written) => ({
    isTTY,
    write: (text: string) => {
      written[name] += text;
      return true;
    },
  });
  const streams = { stdout: streamTo("stdout"), stderr: streamTo("stderr") };
  const code = await runCli(args, commands, streams as unknown as Streams);
  return { code, ...written };
}

/** Runs a command line in this process, and reads what it says in JSON. */
export async function cliJson<T>(...args: readonly string[]): Promise<T> {
  const { code, stdout, stderr } = await cli([...args, "--json"]);
  if (code !== 0) throw new Error(`it failed with ${code}: ${stderr}`);
  return JSON.parse(stdout) as T;
}

/** A runtime that is closed when the running test ends. */
export function openRuntime(options: LonghaulOptions): Longhaul {
  const longhaul = createLonghaul(options);
  onTestFinished(() => longhaul.close());
  return longhaul;
}

const MAIN = new URL("../../src/cli/main.ts", import.meta.url);

/** Runs a command line in a process of its own. */
export const startCli = (args: readonly string[], env: NodeJS.ProcessEnv = {}): Script =>
  startScript(MAIN, args, { NO_COLOR: "1", ...env });
