import type { RunHandle } from "../../runs/definition.ts";
import type { RunHost } from "../../runs/hosting.ts";
import type { ConfigPlan, LogLevel } from "../config/define-config.ts";
import { type Level, RunLog } from "../log/run-log.ts";
import { show } from "../log/show.ts";
import { RunMetadata } from "../metadata/run-metadata.ts";

const RANKS: Readonly<Record<LogLevel, number>> = {
  none: -1,
  error: 0,
  warn: 1,
  info: 2,
  log: 2,
  debug: 3,
};

/** The log of an execution. */
export function createLog(
  run: RunHandle,
  host: RunHost,
  config: ConfigPlan,
  isSilent: () => boolean,
): RunLog {
  const { logLevel, logsToConsole } = config;
  return new RunLog({
    attempt: run.attempt,
    now: () => host.now(),
    isSilent,
    wants: (level: Level) => RANKS[level] <= RANKS[logLevel],
    show: (level, message, properties) => {
      if (logsToConsole) show(level, message, properties);
    },
    store: (entries) => host.stores.logs.append({ runId: run.id, entries }),
  });
}

const STEP = "metadata";

/**
 * The metadata of an execution. Each write is a step of the journal whose id says how many changes are made with it: a
 * replay sees there how many of its own are made already.
 */
export async function createMetadata(
  run: RunHandle,
  host: RunHost,
  log: RunLog,
): Promise<RunMetadata> {
  const prefix = run.attempt === 0 ? `${STEP}:` : `${run.attempt + 1}/${STEP}:`;
  const { metadata } = host.stores;
  const read = (): Promise<string | undefined> => metadata.get(run.id);
  // A run that has not begun has what its start said.
  const isNew = run.attempt === 0 && run.journal.length === 0;
  const text = isNew ? run.details.metadata : await read();
  const known = run.journal
    .filter(({ key, state }) => state === "done" && key.startsWith(prefix))
    .map(({ key }) => Number(key.slice(prefix.length)));
  const writer: ConstructorParameters<typeof RunMetadata>[0] = {
    read,
    async write(count, changes) {
      // The body of a step must not call another at once; a moment later it may.
      await Promise.resolve();
      const body = async (): Promise<void> => {
        const now = host.now();
        await Promise.all(
          [...changes].map(([target, list]) =>
            metadata.change({ now, runId: run.id, target, changes: list }),
          ),
        );
      };
      await run.run(`${prefix}${count}`, body, { retries: 0 });
    },
  };
  const values = text === undefined ? {} : (JSON.parse(text) as Record<string, unknown>);
  return new RunMetadata(writer, values, Math.max(0, ...known), (error) =>
    log.problem(STEP, error),
  );
}
