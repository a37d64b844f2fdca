/** What the environment may set, checked once at the start. */
export interface Settings {
  /** The port of the HTTP server; 0 picks a free one. @default 3000 */
  readonly port: number;
  /** The address to listen on; the dashboard has no login. @default "127.0.0.1" */
  readonly host: string;
  /** Where the ledger keeps payments and notifications. @default ".longhaul/orders" */
  readonly ledgerFolder: string;
  /** How long a stop waits for running jobs before it hands them back. @default 10000 */
  readonly shutdownGraceMs: number;
  /** A duration of the simulated world, shortened by ORDER_SPEED. */
  readonly pace: (durationMs: number) => number;
}

/** @throws {Error} naming the variable that has no usable value. */
export function readSettings(env: NodeJS.ProcessEnv): Settings {
  const speed = readNumber(env, "ORDER_SPEED", 1, { above: 0 });
  return {
    port: readNumber(env, "PORT", 3000, { above: -1, below: 65_536 }),
    host: env.HOST ?? "127.0.0.1",
    ledgerFolder: env.ORDER_LEDGER ?? ".longhaul/orders",
    shutdownGraceMs: readNumber(env, "SHUTDOWN_GRACE_MS", 10_000, { above: -1 }),
    pace: (durationMs) => durationMs / speed,
  };
}

function readNumber(
  env: NodeJS.ProcessEnv,
  name: string,
  fallback: number,
  { above, below = Infinity }: { above: number; below?: number },
): number {
  const text = env[name];
  if (text === undefined || text === "") return fallback;
  const value = Number(text);
  if (value > above && value < below) return value;
  throw new Error(`${name}=${text} is not usable here`);
}
