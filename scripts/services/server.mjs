/**
 * Runs a server for as long as this process needs it: started on a free port in a temporary folder,
 * stopped by its pid, folder removed. That holds for a normal exit, SIGINT, SIGTERM and SIGHUP; after a
 * SIGKILL of this process the kernel stops the server (`setpriv --pdeathsig`), only the folder stays.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { which } from "./packages.mjs";

const READY_TIMEOUT_MS = 60_000;
const SIGNALS = /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"]);

/** What is running, oldest first. It is stopped newest first. @type {Set<{ stop(): Promise<void>, kill(): void }>} */
const running = new Set();

/**
 * @typedef {object} Server
 * @property {string} url
 * @property {number} port
 * @property {number} pid
 * @property {string} version
 * @property {() => Promise<void>} stop Idempotent.
 */

/** @returns {Promise<number>} a port of the loopback interface nobody listens on */
export async function freePort() {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const address = probe.address();
  probe.close();
  await once(probe, "close");
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

/** @param {string} name @param {string} [parent] @returns {string} */
export function temporaryFolder(name, parent = tmpdir()) {
  return mkdtempSync(join(parent, `longhaul-${name}-`));
}

/**
 * Starts a server and resolves when it has printed that it is ready.
 * @param {object} options
 * @param {string} options.name
 * @param {string[]} options.command
 * @param {string} options.folder Removed when the server has stopped.
 * @param {RegExp} options.ready The line the server prints when it takes connections.
 * @param {"SIGTERM" | "SIGINT"} options.stopSignal Asks for an orderly stop.
 * @param {"SIGKILL" | "SIGQUIT"} options.killSignal For when there is no time to wait.
 * @param {string[]} [options.setpriv] Further options of setpriv, such as the user to run as.
 * @returns {Promise<{ pid: number, stop: () => Promise<void> }>}
 */
export async function runServer({
  name,
  command,
  folder,
  ready,
  stopSignal,
  killSignal,
  setpriv = [],
}) {
  const [program = "", ...args] = withSetpriv(command, [
    "--pdeathsig",
    stopSignal.slice(3),
    ...setpriv,
  ]);
  // A process group of its own, so that Ctrl-C reaches the tests first and the server after them.
  const child = spawn(program, args, {
    cwd: folder,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const exited = new Promise((resolve) => child.once("close", resolve));
  const entry = { stop, kill };
  guard(entry);

  let output = "";
  try {
    await new Promise((resolve, reject) => {
      const fail = (/** @type {string} */ why) => reject(new Error(`${name} ${why}\n${output}`));
      const timer = setTimeout(
        () => fail(`was not ready within ${READY_TIMEOUT_MS} ms`),
        READY_TIMEOUT_MS,
      );
      const read = (/** @type {Buffer} */ chunk) => {
        output = (output + chunk.toString()).slice(-8_192);
        if (ready.test(output)) resolve(clearTimeout(timer));
      };
      child.stdout.on("data", read);
      child.stderr.on("data", read);
      child.once("error", (error) => fail(`did not start: ${error.message}`));
      child.once("exit", (code, signal) =>
        fail(`ended with ${code ?? signal} before it was ready`),
      );
    });
  } catch (error) {
    await stop();
    throw error;
  }
  // Whoever forgets stop() can still end; the exit hook then kills the server.
  child.unref();
  for (const stream of [child.stdout, child.stderr]) {
    if (stream instanceof Socket) stream.unref();
  }
  return { pid: /** @type {number} */ (child.pid), stop };

  async function stop() {
    if (isAlive(child)) {
      child.ref();
      child.kill(stopSignal);
      await exited;
    }
    running.delete(entry);
    rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
  }

  function kill() {
    if (isAlive(child)) child.kill(killSignal);
    rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
  }
}

/** Stops everything, newest first. */
export async function stopAll() {
  for (const entry of [...running].reverse()) await entry.stop();
}

/** Has `entry` stopped when this process ends. @param {{ stop(): Promise<void>, kill(): void }} entry */
export function guard(entry) {
  if (process.listenerCount("exit", killAll) === 0) {
    process.on("exit", killAll);
    for (const signal of SIGNALS) process.once(signal, () => void onSignal(signal));
  }
  running.add(entry);
}

function killAll() {
  for (const entry of [...running].reverse()) entry.kill();
}

/** @param {NodeJS.Signals} signal */
async function onSignal(signal) {
  await stopAll();
  // The handler is gone (`once`), so this ends the process the way its parent expects.
  process.kill(process.pid, signal);
}

/** @param {import("node:child_process").ChildProcess} child */
function isAlive(child) {
  return child.pid !== undefined && child.exitCode === null && child.signalCode === null;
}

/** @param {string[]} command @param {string[]} options */
function withSetpriv(command, options) {
  if (which("setpriv") !== undefined) return ["setpriv", ...options, ...command];
  if (options.length > 2)
    throw new Error("setpriv (Debian package util-linux) is needed to run this server as root");
  return command;
}
