import type { ConnectionOptions } from "../bullmq/index.ts";
import { LonghaulError } from "../core/errors.ts";

const DEFAULT_REDIS_PORT = 6379;
const HIGHEST_PORT = 65_535;

/**
 * The connection of a manager that was given none. `REDIS_HOST` counts only without `LONGHAUL_URL`, and alone says that
 * Redis is meant: the other two are often set by a platform for something else.
 *
 * @throws {LonghaulError} MANAGER_BAD_OPTION for a `REDIS_PORT` that is none
 */
export function defaultConnection(
  env: Readonly<Record<string, string | undefined>> = process.env,
): ConnectionOptions | undefined {
  const { LONGHAUL_URL, REDIS_HOST: host, REDIS_PORT, REDIS_PASSWORD: password } = env;
  if (LONGHAUL_URL || !host) return undefined;
  const port = REDIS_PORT ? Number(REDIS_PORT) : DEFAULT_REDIS_PORT;
  if (!Number.isInteger(port) || port < 1 || port > HIGHEST_PORT)
    throw new LonghaulError("MANAGER_BAD_OPTION", {
      reason: `REDIS_PORT is ${JSON.stringify(REDIS_PORT)}, and not a port`,
    });
  return { host, port, ...(password && { password }) };
}
