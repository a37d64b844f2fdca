/** The program as a user starts it: asked by HTTP, killed, and started again. */
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
  folder = mkdtempSync(join(tmpdir(), "longhaul-tasks-"));
});

afterEach(() => {
  program.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

/** Starts the program, and reads its lines until one fits. */
function start(): (until: RegExp) => Promise<string> {
  program = spawn(process.execPath, ["--import", tsx, main], {
    cwd: folder,
    env: { ...process.env, PORT: "0", LONGHAUL_URL: `file:${join(folder, "tasks.db")}` },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines = createInterface({ input: program.stdout! })[Symbol.asyncIterator]();
  return async (until) => {
    for (let next = await lines.next(); !next.done; next = await lines.next())
      if (until.test(next.value)) return next.value;
    throw new Error(`never printed ${until}`);
  };
}

test("routes answer, a killed program goes on, and stops when it is told to", async () => {
  const firstUntil = start();
  const line = await firstUntil(/^Listening on port/);
  const port = /\d+/.exec(line)![0];
  const response = await fetch(`http://127.0.0.1:${port}/api/process`, {
    method: "POST",
    body: JSON.stringify({ imageId: "cat", userId: "ada" }),
  });
  expect(await response.json()).toMatchObject({ status: "processing" });
  expect((await fetch(`http://127.0.0.1:${port}/nowhere`)).status).toBe(404);
  program.kill("SIGKILL");
  await once(program, "exit");

  const linesUntil = start();
  await linesUntil(/^long-running is completed/);
  program.kill("SIGTERM");
  expect(await once(program, "exit")).toEqual([0, null]);
});
