import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { crashPoint, crashPointsArmed } from "./crash-points.ts";

const passes = `
  const { crashPoint } = await import(${JSON.stringify(new URL("./crash-points.ts", import.meta.url).href)});
  for (const name of ["a", "b", "a", "b"]) { process.stdout.write(name); crashPoint(name); }
  process.stdout.write("end");
`;

function run(crashAt: string | undefined): { signal: string | null; output: string } {
  const env = { ...process.env, LONGHAUL_CRASH_AT: crashAt };
  const args = ["--import", "tsx", "--input-type=module", "-e", passes];
  const { signal, stdout, stderr } = spawnSync(process.execPath, args, { env, encoding: "utf8" });
  return { signal, output: signal === null && stdout === "" ? stderr : stdout };
}

test("is off without the variable", () => {
  expect(crashPointsArmed).toBe(false);
  crashPoint("anything");
});

test.each([
  { crashAt: undefined, signal: null, output: "ababend" },
  { crashAt: "other", signal: null, output: "ababend" },
  { crashAt: "b", signal: "SIGKILL", output: "ab" },
  { crashAt: "b#2", signal: "SIGKILL", output: "abab" },
  { crashAt: "b#3", signal: null, output: "ababend" },
])("LONGHAUL_CRASH_AT=$crashAt", ({ crashAt, signal, output }) => {
  expect(run(crashAt)).toEqual({ signal, output });
});
