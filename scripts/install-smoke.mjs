/**
 * Packs this package, installs it with BullMQ into an empty folder and runs the README's programs there.
 *   node scripts/install-smoke.mjs 20 24
 */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { findNode } from "./node-version.mjs";

/** What the README's programs print last. */
const LAST_LINES = ["email 1 is done: sent to ada@example.com", "Welcome, Ada"];
const TIME_LIMIT_MS = 60_000;

const { peerDependencies } = JSON.parse(readFileSync("package.json", "utf8"));
const programs = [...readFileSync("README.md", "utf8").matchAll(/```ts\n([\s\S]*?)```/g)].map(
  ([, code = ""]) => code,
);
if (programs.length !== LAST_LINES.length)
  throw new Error(`README.md has ${programs.length} programs, not ${LAST_LINES.length}`);

const packed = mkdtempSync(join(tmpdir(), "longhaul-pack-"));
try {
  const [{ filename }] = JSON.parse(
    npm(["pack", "--json", "--ignore-scripts", "--pack-destination", packed], process.execPath),
  );
  for (const major of process.argv.slice(2).map(Number)) {
    await tryOn(findNode(major), join(packed, filename));
  }
} finally {
  rmSync(packed, { recursive: true });
}

/** @param {string} node @param {string} tarball */
async function tryOn(node, tarball) {
  const folder = mkdtempSync(join(tmpdir(), "longhaul-install-"));
  try {
    writeFileSync(join(folder, "package.json"), `{ "private": true, "type": "module" }\n`);
    npm(
      ["install", "--no-audit", "--no-fund", tarball, `bullmq@${peerDependencies.bullmq}`],
      node,
      folder,
    );
    const version = execFileSync(node, ["--version"], { encoding: "utf8" }).trim();
    for (const [index, lastLine] of LAST_LINES.entries()) {
      writeFileSync(join(folder, "main.js"), programs[index] ?? "");
      const lines = await run(node, folder, lastLine);
      if (lines.at(-1) !== lastLine)
        throw new Error(`on ${version} a program of the README printed:\n${lines.join("\n")}`);
    }
    console.log(`the README's programs run on ${version}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs the program until it has printed its last line, or the time is up. @param {string} node @param {string} folder @param {string} lastLine */
async function run(node, folder, lastLine) {
  const child = spawn(node, ["main.js"], { cwd: folder, stdio: ["ignore", "pipe", "inherit"] });
  const timer = setTimeout(() => child.kill("SIGKILL"), TIME_LIMIT_MS);
  const ended = once(child, "exit");
  const lines = [];
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line);
    if (line === lastLine) break;
  }
  child.kill("SIGTERM");
  await ended;
  clearTimeout(timer);
  return lines;
}

/** npm as it runs with that Node, so that native parts are built for it. @param {string[]} args @param {string} node @param {string} [cwd] */
function npm(args, node, cwd) {
  const env = { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH}` };
  return execFileSync("npm", args, {
    cwd,
    env,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
}
