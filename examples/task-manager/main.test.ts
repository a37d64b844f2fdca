/** The program as a user starts it: jobs paused, resumed and removed, and killed in between. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";

const main = fileURLToPath(new URL("main.ts", import.meta.url));
const tsx = import.meta.resolve("tsx");

let folder: string;
let program: ChildProcess;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "longhaul-task-manager-"));
});

afterEach(() => {
  program.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

/** Starts the program. What it returns reads lines until one fits, and first says something if told to. */
function start(): (until: RegExp, say?: string) => Promise<string[]> {
  program = spawn(process.execPath, ["--import", tsx, main], {
    cwd: folder,
    env: { ...process.env, LONGHAUL_URL: `file:${join(folder, "tasks.db")}` },
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface({ input: program.stdout! })[Symbol.asyncIterator]();
  return async (until, say) => {
    if (say !== undefined) program.stdin!.write(`${say}\n`);
    const read: string[] = [];
    for (let next = await lines.next(); !next.done; next = await lines.next()) {
      read.push(next.value);
      if (until.test(next.value)) return read;
    }
    throw new Error(`never printed ${until}:\n${read.join("\n")}`);
  };
}

test("a job is watched to its end", async () => {
  const linesUntil = start();
  await linesUntil(/^Ready/);
  const lines = await linesUntil(/^Task 1 of type scrape-reviews: .*"completed"/, "add");
  expect(lines.filter((line) => line.includes('"total":10'))).toHaveLength(10);
  expect(lines.at(-1)).toContain('"result":{"shopId":"shop-123","reviews":10}');
  await linesUntil(/^Task 1 of type new-task: .*"outputField":"HELLO"/, "new hello");
  program.stdin!.write("quit\n");
  expect(await once(program, "exit")).toEqual([0, null]);
});

test("a paused job stays paused when the program is killed, and ends when it is resumed", async () => {
  let linesUntil = start();
  await linesUntil(/"current":3/, "add");
  await linesUntil(/^pause 1: true/, "pause 1");
  program.kill("SIGKILL");
  await once(program, "exit");

  linesUntil = start();
  await linesUntil(/^state 1: paused/, "state 1");
  await linesUntil(/^Task 1 of type new-task: .*"completed"/, "new meanwhile");
  await linesUntil(/^state 1: paused/, "state 1");
  const lines = await linesUntil(/^Task 1 of type scrape-reviews: .*"completed"/, "resume 1");
  expect(lines.filter((line) => line.includes('"total":10'))).toHaveLength(10);
});

test("a running job is removed", async () => {
  const linesUntil = start();
  await linesUntil(/"current":3/, "add");
  const lines = await linesUntil(/^remove 1: true/, "remove 1");
  expect(lines.join("\n")).not.toContain('"completed"');
  await linesUntil(/^state 1: unknown/, "state 1");
});
