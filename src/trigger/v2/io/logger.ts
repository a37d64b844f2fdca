import type { LogEntry } from "../../../runs/store/log-store.ts";
import { toJsonText } from "../../../runs/errors.ts";
import type { RunScope } from "../run-scope.ts";

/** How much is logged: a level, and all before it. */
export type LogLevel = "log" | "error" | "warn" | "info" | "debug";

/** From the most important on. */
const LEVELS: readonly LogLevel[] = ["log", "error", "warn", "info", "debug"];

/** Whether something of a level is wanted. */
export const isWanted = (level: LogLevel, wanted: LogLevel): boolean =>
  LEVELS.indexOf(level) <= LEVELS.indexOf(wanted);

export const isLogLevel = (level: unknown): level is LogLevel => LEVELS.includes(level as LogLevel);

/**
 * Logs for a run: kept with it, and written to the console too if the client says `ioLogLocalEnabled`. The same line
 * may be logged any number of times. While a run goes over what it did before, nothing is logged again.
 */
export class IOLogger {
  readonly #scope: () => RunScope;
  readonly #level: LogLevel;

  /** @internal */
  constructor(scope: () => RunScope, level: LogLevel) {
    this.#scope = scope;
    this.#level = level;
  }

  /** What is always logged. */
  log(message: string, properties?: object): Promise<void> {
    return this.#write("log", message, properties);
  }

  debug(message: string, properties?: object): Promise<void> {
    return this.#write("debug", message, properties);
  }

  info(message: string, properties?: object): Promise<void> {
    return this.#write("info", message, properties);
  }

  warn(message: string, properties?: object): Promise<void> {
    return this.#write("warn", message, properties);
  }

  error(message: string, properties?: object): Promise<void> {
    return this.#write("error", message, properties);
  }

  /** Resolves at once: that the line is stored is waited for by nobody. */
  #write(level: LogLevel, message: string, properties: object | undefined): Promise<void> {
    const { run, host, client } = this.#scope();
    if (run.isReplaying || !isWanted(level, this.#level)) return Promise.resolve();
    if (client.options.ioLogLocalEnabled) client.print(level, message, properties);
    const entry: LogEntry = {
      ...{ at: host.now(), kind: "log", level, message, attempt: run.attempt },
      ...(properties !== undefined && { properties: propertiesText(properties) }),
    };
    host.stores.logs
      .append({ runId: run.id, entries: [entry] })
      .catch((err: unknown) => client.print("error", "a line of a run's log was lost", { err }));
    return Promise.resolve();
  }
}

function propertiesText(properties: object): string {
  const { name, message, stack } = properties as Error;
  const shown = properties instanceof Error ? { name, message, stack } : properties;
  try {
    return toJsonText(shown, "the properties of a log line");
  } catch (error) {
    return JSON.stringify({ unreadable: (error as Error).message });
  }
}
