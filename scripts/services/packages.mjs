/** Brings a Debian package when the program it holds is missing. Nothing is installed on a machine that has it. */
import { spawnSync } from "node:child_process";

/**
 * @template T
 * @param {string} packageName
 * @param {() => T | undefined} find Looks for what the package brings.
 * @returns {T}
 */
export function findOrInstall(packageName, find) {
  const found = find();
  if (found !== undefined) return found;
  console.error(`${packageName} is missing: installing it with apt-get`);
  apt(packageName, ["update", "-qq"]);
  apt(packageName, [
    "install",
    "-qq",
    "-y",
    "--no-install-recommends",
    "-o",
    "DPkg::Lock::Timeout=120",
    packageName,
  ]);
  const installed = find();
  if (installed === undefined)
    throw new Error(`apt-get installed ${packageName}, but its programs were not found`);
  return installed;
}

/** @param {string} program @returns {string | undefined} its absolute path */
export function which(program) {
  const { status, stdout } = spawnSync("sh", ["-c", `command -v ${program}`], { encoding: "utf8" });
  return status === 0 ? stdout.trim() : undefined;
}

/** @param {string} packageName @param {string[]} args */
function apt(packageName, args) {
  const isRoot = process.getuid?.() === 0;
  const command = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", ...args];
  if (!isRoot) command.unshift("sudo", "-n");
  const [program = "", ...rest] = command;
  // apt's own output goes to stderr: stdout belongs to the command the services are for.
  const { status, error } = spawnSync(program, rest, { stdio: ["ignore", 2, 2] });
  if (status === 0) return;
  throw new Error(
    `${packageName} is needed by the tests and could not be installed: \`${command.join(" ")}\` ` +
      `${error === undefined ? `ended with ${status}` : `did not start (${error.message})`}. ` +
      `Install ${packageName} by hand (Debian: apt-get install ${packageName}) and run this again.`,
  );
}
