/** A Redis server of our own, for tests and benchmarks. */
import { execFileSync } from "node:child_process";
import { findOrInstall, which } from "./packages.mjs";
import { freePort, runServer, temporaryFolder } from "./server.mjs";

/**
 * @param {object} [options]
 * @param {"none" | "everysec" | "always"} [options.persistence] The append-only file; snapshots are always off. Default: none.
 * @param {string} [options.parent] Where the temporary folder is made. Default: the system's.
 * @param {string[]} [options.args] Further arguments of redis-server.
 * @returns {Promise<import("./server.mjs").Server>}
 */
export async function startRedis({ persistence = "none", parent, args = [] } = {}) {
  const program = findOrInstall("redis-server", () => which("redis-server"));
  const version =
    /v=(\S+)/.exec(execFileSync(program, ["--version"], { encoding: "utf8" }))?.[1] ?? "unknown";
  const port = await freePort();
  const folder = temporaryFolder("redis", parent);
  const append =
    persistence === "none"
      ? ["--appendonly", "no"]
      : ["--appendonly", "yes", "--appendfsync", persistence];
  const { pid, stop } = await runServer({
    name: "redis-server",
    command: [
      program,
      "--port",
      `${port}`,
      "--bind",
      "127.0.0.1",
      "--dir",
      folder,
      "--save",
      "",
      ...append,
      ...args,
    ],
    folder,
    ready: /Ready to accept connections/,
    stopSignal: "SIGTERM",
    killSignal: "SIGKILL",
  });
  return { url: `redis://127.0.0.1:${port}`, port, pid, version, stop };
}
