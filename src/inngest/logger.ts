/** Whatever is logged. */
export type LogArg = unknown;

/** What a logger must have; pino, winston, console and others do. */
export interface Logger {
  info(...args: LogArg[]): void;
  warn(...args: LogArg[]): void;
  error(...args: LogArg[]): void;
  debug(...args: LogArg[]): void;
}

export type LogLevel = "fatal" | "error" | "warn" | "info" | "debug" | "silent";

const ranks: Record<LogLevel, number> = {
  debug: 0,
  info: 1,
  warn: 2,
  error: 3,
  fatal: 3,
  silent: 4,
};

/** Whether something is a log level. */
export const isLogLevel = (value: unknown): value is LogLevel =>
  typeof value === "string" && Object.hasOwn(ranks, value);

/** Logs to the console: what clients use that were given no logger. */
export class ConsoleLogger implements Logger {
  readonly #rank: number;

  /** @param options `level`: what is less severe is not logged. @default "info" */
  constructor({ level = "info" }: { level?: LogLevel | undefined } = {}) {
    this.#rank = ranks[level];
  }

  debug(...args: LogArg[]): void {
    this.#log("debug", args);
  }

  info(...args: LogArg[]): void {
    this.#log("info", args);
  }

  warn(...args: LogArg[]): void {
    this.#log("warn", args);
  }

  error(...args: LogArg[]): void {
    this.#log("error", args);
  }

  #log(level: "debug" | "info" | "warn" | "error", args: LogArg[]): void {
    if (ranks[level] < this.#rank) return;
    console[level](...messageFirst(args));
  }
}

/** A logger that can be told to be silent. What else the logger has is passed on. */
export class ProxyLogger implements Logger {
  readonly #logger: Logger;
  #enabled = false;

  constructor(logger: Logger) {
    this.#logger = gatedLogger(logger, () => this.#enabled);
  }

  debug(...args: LogArg[]): void {
    this.#logger.debug(...args);
  }

  info(...args: LogArg[]): void {
    this.#logger.info(...args);
  }

  warn(...args: LogArg[]): void {
    this.#logger.warn(...args);
  }

  error(...args: LogArg[]): void {
    this.#logger.error(...args);
  }

  enable(): void {
    this.#enabled = true;
  }

  disable(): void {
    this.#enabled = false;
  }

  async flush(): Promise<void> {
    await flushLogger(this.#logger);
  }
}

/** Methods that log nothing themselves. */
const silentMethods: ReadonlySet<PropertyKey> = new Set([
  "child",
  "flush",
  "bindings",
  "isLevelEnabled",
]);

/**
 * A logger that logs only while `isOpen()`. All its methods are gated, not only the four that {@link Logger} names, and
 * so are its children.
 */
export function gatedLogger<T extends Logger>(logger: T, isOpen: () => boolean): T {
  return new Proxy(logger, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property, target);
      if (typeof value !== "function") return value;
      if (property === "child")
        return (...args: unknown[]) => gatedLogger(value.apply(target, args) as Logger, isOpen);
      return (...args: unknown[]): unknown =>
        isOpen() || silentMethods.has(property) ? value.apply(target, args) : undefined;
    },
  });
}

/** A logger that says of each line which run it is about, where the logger can do that. */
export function childLogger(logger: Logger, bindings: Readonly<Record<string, unknown>>): Logger {
  const { child } = logger as { child?: (bindings: object) => Logger };
  if (typeof child !== "function") return logger;
  try {
    return child.call(logger, bindings);
  } catch (err) {
    logger.error({ err }, "the logger's child() failed");
    return logger;
  }
}

/** Waits until a logger has written what it holds, if it holds anything. */
export async function flushLogger(logger: Logger): Promise<void> {
  const { flush } = logger as { flush?: () => unknown };
  if (typeof flush === "function") await flush.call(logger);
}

/** The message of `(fields, message)` calls first: for people. */
function messageFirst(args: LogArg[]): LogArg[] {
  const [fields, message, ...rest] = args;
  if (typeof fields !== "object" || fields === null || typeof message !== "string") return args;
  const { err, ...others } = fields as { err?: unknown };
  const shown = [err, Object.keys(others).length > 0 ? others : undefined];
  return [message, ...rest, ...shown.filter((part) => part !== undefined)];
}
