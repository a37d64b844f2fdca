/**
 * Prints the path of a Node binary of the wanted major version: this one, or the npm package `node@<major>`
 * in a private folder that is kept between runs.
 *   node scripts/node-version.mjs 24
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

/** @param {number} major @returns {string} absolute path of the binary */
export function findNode(major) {
  if (majorOf(process.execPath) === major) return process.execPath;
  const folder = join(root, ".cache", `node-${major}`);
  const binary = resolve(folder, "node_modules/node/bin/node");
  if (majorOf(binary) !== major) install(folder, `node@${major}`);
  if (majorOf(binary) !== major) {
    throw new Error(
      `node@${major} was installed in ${folder}, but ${binary} does not run (were its install scripts blocked?)`,
    );
  }
  return binary;
}

/** @param {string} folder @param {string} spec */
function install(folder, spec) {
  mkdirSync(folder, { recursive: true });
  // A package.json of its own keeps npm from looking at the one above.
  writeFileSync(join(folder, "package.json"), `{ "private": true }\n`);
  const args = [
    "install",
    "--prefix",
    folder,
    "--no-save",
    "--no-audit",
    "--no-fund",
    "--ignore-scripts=false",
    spec,
  ];
  const { status } = spawnSync("npm", args, { cwd: folder, stdio: ["ignore", 2, 2] });
  if (status !== 0) throw new Error(`npm install ${spec} failed`);
}

/** @param {string} binary */
function majorOf(binary) {
  if (!existsSync(binary)) return undefined;
  const { stdout } = spawnSync(binary, ["-p", "process.versions.node"], { encoding: "utf8" });
  return Number.parseInt(stdout, 10);
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  console.log(findNode(Number(process.argv[2])));
