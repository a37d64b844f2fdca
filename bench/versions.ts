/** Which version of everything was measured. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { peerVersion } from "./peers.ts";

const ROOT = new URL("../", import.meta.url);

export function packageVersion(name: string): string {
  const path = name === "longhaul" ? "package.json" : `node_modules/${name}/package.json`;
  try {
    return (JSON.parse(readFileSync(new URL(path, ROOT), "utf8")) as { version: string }).version;
  } catch {
    return peerVersion(name) ?? "not installed";
  }
}

/** The commit the working tree is at, with a plus when there are changes on top of it. */
export function commit(): string {
  try {
    const git = (...args: string[]) =>
      execFileSync("git", args, {
        cwd: ROOT,
        encoding: "utf8",
        stdio: ["ignore", "pipe", "ignore"],
      }).trim();
    return (
      git("rev-parse", "--short", "HEAD") + (git("status", "--porcelain", "src") === "" ? "" : "+")
    );
  } catch {
    return "unknown";
  }
}
