/**
 * Libraries that only this benchmark needs, and that are too large for everybody's `npm install`: installed from the npm
 * registry into a private folder the first time, in fixed versions.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const FOLDER = fileURLToPath(new URL("../.cache/bench-peers", import.meta.url));

const VERSIONS: Readonly<Record<string, string>> = {
  "@dbos-inc/dbos-sdk": "5.3.0",
  "@restatedev/restate-sdk": "1.17.2",
  "@restatedev/restate-sdk-clients": "1.17.2",
  "@restatedev/restate-server": "1.7.12",
};

const installedPath = (name: string) => join(FOLDER, "node_modules", name, "package.json");

/** @throws with what npm said, when one cannot be had */
export function installPeers(names: readonly string[]): void {
  const missing = names.filter((name) => peerVersion(name) !== VERSIONS[name]);
  if (missing.length === 0) return;
  mkdirSync(FOLDER, { recursive: true });
  // A package.json of its own keeps npm from looking at the one above; npm adds what it installs.
  const manifest = join(FOLDER, "package.json");
  if (!existsSync(manifest)) writeFileSync(manifest, `{ "private": true }\n`);
  const wanted = missing.map((name) => `${name}@${VERSIONS[name]}`);
  const args = ["install", "--prefix", FOLDER, "--no-audit", "--no-fund", "--ignore-scripts"];
  const { status, error, stderr } = spawnSync("npm", [...args, ...wanted], {
    cwd: FOLDER,
    encoding: "utf8",
  });
  if (status !== 0)
    throw new Error(`npm install ${wanted.join(" ")} failed: ${error?.message ?? stderr.trim()}`);
}

/** Nothing when it is not installed. */
export function peerVersion(name: string): string | undefined {
  if (!existsSync(installedPath(name))) return undefined;
  return (JSON.parse(readFileSync(installedPath(name), "utf8")) as { version: string }).version;
}

/** Loads one that is installed, or finds a file of it: `require` and `require.resolve` of its folder. */
export const requirePeer: NodeJS.Require = createRequire(join(FOLDER, "package.json"));
