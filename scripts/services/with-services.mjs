/**
 * Runs a command beside a Redis and a PostgreSQL server of its own:
 *   node scripts/services/with-services.mjs vitest run --project services
 * REDIS_URL and POSTGRES_URL tell the command where they are. Its exit code is passed on.
 */
import { spawn } from "node:child_process";
import { constants } from "node:os";
import { startPostgres } from "./postgres.mjs";
import { startRedis } from "./redis.mjs";
import { guard, stopAll } from "./server.mjs";

const [program, ...args] = process.argv.slice(2);
if (program === undefined) {
  console.error("usage: node scripts/services/with-services.mjs <command> [arguments]");
  process.exit(2);
}

try {
  const [redis, postgres] = [await startRedis(), await startPostgres()];
  console.error(
    `redis ${redis.version} on port ${redis.port}, postgresql ${postgres.version} on port ${postgres.port}`,
  );
  process.exitCode = await run({
    ...process.env,
    REDIS_URL: redis.url,
    POSTGRES_URL: postgres.url,
  });
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  await stopAll();
}

/** @param {NodeJS.ProcessEnv} env @returns {Promise<number>} */
function run(env) {
  const child = spawn(/** @type {string} */ (program), args, { stdio: "inherit", env });
  const ended = new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) =>
      resolve(code ?? 128 + constants.signals[signal ?? "SIGTERM"]),
    );
  });
  // A signal to us goes on to the command, and the servers stop only when it has ended.
  guard({
    kill: () => void child.kill("SIGKILL"),
    stop: async () => {
      if (child.exitCode === null && child.signalCode === null) child.kill("SIGTERM");
      await ended.catch(() => {});
    },
  });
  return ended;
}
