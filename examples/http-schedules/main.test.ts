import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { createTestRuntime } from "longhaul/testing";
import { expect, onTestFinished, test, vi } from "vitest";
import { type Call, createApp } from "./app.ts";
import { schedulesOf } from "./schedules.ts";

test("a week of schedules", async () => {
  vi.stubEnv("CRON_SECRET", "swordfish");
  onTestFinished(() => void vi.unstubAllEnvs());
  const calls: Call[] = [];
  const app = createApp("swordfish", (call) => calls.push(call));
  app.listen(0, "127.0.0.1");
  await once(app, "listening");
  onTestFinished(() => void app.close());
  const { port } = app.address() as AddressInfo;

  // A Thursday, at midnight UTC.
  const runtime = await createTestRuntime({ functions: schedulesOf(`http://127.0.0.1:${port}`) });
  onTestFinished(() => runtime.close());
  await runtime.advance("4d");
  const count = (path: string): number => calls.filter((call) => call.path === path).length;
  expect(count("/api/cron/daily-digest")).toBe(4);
  expect(count("/api/cron/clean-up")).toBe(4 * 96);
  expect(count("/api/reports")).toBe(0);
  await runtime.advance("8h");
  expect(calls.find(({ path }) => path === "/api/reports")?.body).toBe('{"kind":"weekly"}');
  const failed = await runtime.runs({ state: "failed" });
  expect(failed).toEqual([]);
});

test("the program calls its application, and ends when it is asked to", async () => {
  const folder = mkdtempSync(join(tmpdir(), "longhaul-http-schedules-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const main = fileURLToPath(new URL("main.ts", import.meta.url));
  const program = spawn(process.execPath, ["--import", import.meta.resolve("tsx"), main], {
    env: { ...process.env, LONGHAUL_URL: `file:${join(folder, "schedules.db")}` },
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void program.kill("SIGKILL"));
  const ended = once(program, "close");
  const lines: string[] = [];
  for await (const line of createInterface({ input: program.stdout })) {
    lines.push(line);
    if (line.startsWith("{")) program.kill("SIGTERM");
  }
  expect(lines).toEqual([
    'http-vercel-api-cron-daily-digest: [{"cron":"0 8 * * *"}]',
    'http-vercel-api-cron-clean-up: [{"cron":"*/15 * * * *"}]',
    'http-weekly-report: [{"cron":"0 9 * * MON","timeZone":"Europe/Berlin"}]',
    "called /api/cron/daily-digest",
    '{"status":200,"body":"{\\"ok\\":true}","isTruncated":false}',
  ]);
  expect((await ended)[0]).toBe(0);
});
