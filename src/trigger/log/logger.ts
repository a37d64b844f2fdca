import { currentPlace, type Place, runAt } from "../run/scope.ts";
import type { MaybePromise, Untyped } from "../types/untyped.ts";
import type { Level } from "./run-log.ts";
import { show } from "./show.ts";
import { LogSpan, type Span, type SpanOptions } from "./span.ts";

type Properties = Readonly<Record<string, Untyped>>;

/** Lines and spans of a run. Outside of tasks, lines go to the console only, and spans nowhere. */
export interface TaskLogger {
  debug(message: string, properties?: Properties): void;
  log(message: string, properties?: Properties): void;
  info(message: string, properties?: Properties): void;
  warn(message: string, properties?: Properties): void;
  error(message: string, properties?: Properties): void;
  /** Measures `fn`: what it logs, and spans in it, belong to this span. It ends with `fn`. */
  trace<T>(name: string, fn: (span: Span) => MaybePromise<T>, options?: SpanOptions): Promise<T>;
  /** A span that ends when it is told to. */
  startSpan(name: string, options?: SpanOptions): Span;
}

function line(level: Level, message: string, properties: unknown): void {
  const place = currentPlace();
  if (place) place.scope.log.line(level, message, properties, place.span);
  else show(level, message, properties);
}

function begin(name: string, options: SpanOptions = {}): [LogSpan, Place | undefined] {
  const place = currentPlace();
  return [new LogSpan(name, place?.scope.log, place?.span, options), place];
}

/** Says what a run is doing. What is said again in a replay is left out. */
export const logger: TaskLogger = {
  debug: (message, properties) => line("debug", message, properties),
  log: (message, properties) => line("log", message, properties),
  info: (message, properties) => line("info", message, properties),
  warn: (message, properties) => line("warn", message, properties),
  error: (message, properties) => line("error", message, properties),
  async trace(name, fn, options) {
    const [span, place] = begin(name, options);
    const call = async () => fn(span);
    try {
      return await (place ? runAt({ ...place, span: span.id }, call) : call());
    } catch (error) {
      span.recordException(error);
      throw error;
    } finally {
      span.end();
    }
  },
  startSpan: (name, options) => begin(name, options)[0],
};
