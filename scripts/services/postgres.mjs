/** A PostgreSQL server of our own, for tests and benchmarks. */
import { execFileSync, spawnSync } from "node:child_process";
import { chownSync, existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { findOrInstall, which } from "./packages.mjs";
import { freePort, runServer, temporaryFolder } from "./server.mjs";

const DEBIAN_ROOT = "/usr/lib/postgresql";

/**
 * @param {object} [options]
 * @param {boolean} [options.fsync] Default: true, as PostgreSQL itself.
 * @param {string} [options.parent] Where the temporary folder is made. Default: the system's.
 * @param {Record<string, string>} [options.settings] Further settings of the server, by their names.
 * @returns {Promise<import("./server.mjs").Server>}
 */
export async function startPostgres({ fsync = true, parent, settings = {} } = {}) {
  const programs = findOrInstall("postgresql", findPrograms);
  const version =
    /\d[\d.]*/.exec(
      execFileSync(join(programs, "postgres"), ["--version"], { encoding: "utf8" }),
    )?.[0] ?? "unknown";
  const user = serverUser();
  const port = await freePort();
  const folder = temporaryFolder("postgres", parent);
  if (user !== undefined) chownSync(folder, user.uid, user.gid);
  const data = join(folder, "data");
  const setpriv =
    user === undefined ? [] : [`--reuid=${user.uid}`, `--regid=${user.gid}`, "--clear-groups"];

  const initdb = [
    join(programs, "initdb"),
    "-D",
    data,
    "-U",
    "postgres",
    "-A",
    "trust",
    "-E",
    "UTF8",
    "--locale=C",
    "--no-sync",
  ];
  const [program = "", ...args] = user === undefined ? initdb : ["setpriv", ...setpriv, ...initdb];
  const made = spawnSync(program, args, { cwd: folder, encoding: "utf8" });
  if (made.status !== 0) throw new Error(`initdb failed: ${made.error?.message ?? made.stderr}`);

  const all = {
    listen_addresses: "127.0.0.1",
    unix_socket_directories: folder,
    max_connections: "300",
    fsync: fsync ? "on" : "off",
    ...settings,
  };
  const { pid, stop } = await runServer({
    name: "postgres",
    command: [
      join(programs, "postgres"),
      "-D",
      data,
      "-p",
      `${port}`,
      ...Object.entries(all).flatMap(([name, value]) => ["-c", `${name}=${value}`]),
    ],
    folder,
    ready: /database system is ready to accept connections/,
    // Fast shutdown: an open connection must not hold it up. SIGQUIT also takes its children along.
    stopSignal: "SIGINT",
    killSignal: "SIGQUIT",
    setpriv,
  });
  return { url: `postgres://postgres@127.0.0.1:${port}/postgres`, port, pid, version, stop };
}

/** @returns {string | undefined} the folder with initdb and postgres, of the newest version */
function findPrograms() {
  const versions = existsSync(DEBIAN_ROOT)
    ? readdirSync(DEBIAN_ROOT).sort((a, b) => Number(b) - Number(a))
    : [];
  const onPath = which("initdb");
  const folders = [
    ...versions.map((version) => join(DEBIAN_ROOT, version, "bin")),
    ...(onPath === undefined ? [] : [join(onPath, "..")]),
  ];
  return folders.find(
    (folder) => existsSync(join(folder, "initdb")) && existsSync(join(folder, "postgres")),
  );
}

/** PostgreSQL refuses to run as root: there it runs as the user its package made. */
function serverUser() {
  if (process.getuid?.() !== 0) return undefined;
  const id = (/** @type {string} */ flag) =>
    Number(execFileSync("id", [flag, "postgres"], { encoding: "utf8" }));
  return { uid: id("-u"), gid: id("-g") };
}
