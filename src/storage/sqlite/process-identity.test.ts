import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { expect, onTestFinished, test } from "vitest";
import { isProcessAlive, machineIdentity, processStart } from "./process-identity.ts";

const onLinux = process.platform === "linux";

test("this process is alive", () => {
  expect(isProcessAlive(process.pid, processStart(process.pid))).toBe(true);
  expect(isProcessAlive(process.pid, null)).toBe(true);
});

test("a process that has ended is not", async () => {
  const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
  onTestFinished(() => void child.kill("SIGKILL"));
  await once(child, "spawn");
  const started = processStart(child.pid!);
  expect(isProcessAlive(child.pid!, started)).toBe(true);
  child.kill("SIGKILL");
  await once(child, "exit");
  expect(isProcessAlive(child.pid!, started)).toBe(false);
});

test.skipIf(!onLinux)("a process that got a dead one's pid is another one", () => {
  expect(isProcessAlive(process.pid, "1")).toBe(false);
});

test.skipIf(!onLinux)("a dead process that its parent does not collect is dead", async () => {
  // The shell becomes a program that never asks for its child, and then the child ends.
  const child = "while ! grep -q sleep /proc/$$/comm; do :; done";
  const parent = spawn("sh", ["-c", `sh -c "${child}" & echo $!; exec sleep 60`], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  onTestFinished(() => void parent.kill("SIGKILL"));
  const pid = Number((await once(parent.stdout, "data"))[0]);
  while (!/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"))) await new Promise(setImmediate);
  expect(isProcessAlive(pid, processStart(pid))).toBe(false);
});

test("a machine is always told by the same words", () => {
  expect(machineIdentity()).toEqual(machineIdentity());
});

test.skipIf(!onLinux)("on Linux these name the boot and the pid namespace", () => {
  const { kernel, machine } = machineIdentity();
  expect(kernel).toMatch(/^[0-9a-f-]{36}$/);
  expect(machine).toMatch(/ pid:\[\d+\]$/);
});
