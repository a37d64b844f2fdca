/** The program as a user starts it: killed in the middle of things, and started again. */
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
  folder = mkdtempSync(join(tmpdir(), "longhaul-functions-"));
});

afterEach(() => {
  program.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

/** Starts the program, and reads its lines until one fits. */
function start(): (until: RegExp) => Promise<string[]> {
  program = spawn(process.execPath, ["--import", tsx, main], {
    cwd: folder,
    env: { ...process.env, LONGHAUL_URL: `file:${join(folder, "functions.db")}` },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines = createInterface({ input: program.stdout! })[Symbol.asyncIterator]();
  return async (until) => {
    const read: string[] = [];
    for (let next = await lines.next(); !next.done; next = await lines.next()) {
      read.push(next.value);
      if (until.test(next.value)) return read;
    }
    throw new Error(`never printed ${until}:\n${read.join("\n")}`);
  };
}

test("a killed program goes on where it was, and stops when it is told to", async () => {
  await start()(/^Sent 4 events/);
  program.kill("SIGKILL");
  await once(program, "exit");

  const linesUntil = start();
  const lines = await linesUntil(/^my-app-process-order completed: .*"orderId":"o1"/);
  expect(lines).toContainEqual(expect.stringMatching(/process-order completed: .*out-of-stock/));
  expect(lines).toContainEqual(expect.stringMatching(/send-welcome-email completed: .*true/));
  program.kill("SIGTERM");
  await linesUntil(/^my-app-send-follow-up goes on at the next start/);
  expect(await once(program, "exit")).toEqual([0, null]);
});
