import type { LogEntry } from "../../runs/store/log-store.ts";

/** How severe a line is. */
export type Level = LogEntry["level"];

/** What a {@link RunLog} needs. */
export interface LogSink {
  now(): number;
  /** Whether the code says again what it has said before. */
  isSilent(): boolean;
  /** Whether lines of a level are wanted. */
  wants(level: Level): boolean;
  store(entries: readonly LogEntry[]): Promise<unknown>;
  /** Shows a line to whoever watches the process. */
  show(level: Level, message: string, properties: unknown): void;
  readonly attempt: number;
}

const FLUSH_AFTER_MS = 1_000;
const FLUSH_AT = 100;
/** What is lost with the store cannot be kept for ever. */
const MAX_KEPT = 10_000;

/** The lines and spans of one execution, on their way to the store. */
export class RunLog {
  readonly #sink: LogSink;
  #entries: LogEntry[] = [];
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<unknown> = Promise.resolve();

  constructor(sink: LogSink) {
    this.#sink = sink;
  }

  line(level: Level, message: string, properties: unknown, parentId: string | undefined): void {
    const { attempt } = this.#sink;
    if (this.#sink.isSilent() || !this.#sink.wants(level)) return;
    this.#sink.show(level, message, properties);
    const text = textOf(properties);
    this.#add({
      ...{ at: this.#sink.now(), kind: "log", level, message, attempt },
      ...(text !== undefined && { properties: text }),
      ...(parentId !== undefined && { parentId }),
    });
  }

  span(
    span: Pick<LogEntry, "at" | "level" | "message" | "spanId" | "parentId" | "durationMs">,
    properties: unknown,
  ): void {
    const { attempt } = this.#sink;
    const text = textOf(properties);
    this.#add({ ...span, kind: "span", attempt, ...(text !== undefined && { properties: text }) });
  }

  /** Something failed that changes nothing for the run. */
  problem(what: string, error: unknown): void {
    this.line("error", `${what} failed: ${String(error)}`, undefined, undefined);
  }

  now(): number {
    return this.#sink.now();
  }

  /** Sends what is held on its way. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#entries.length === 0) return;
    const entries = this.#entries;
    this.#entries = [];
    // Lines are for people: a store that takes none must not fail the run, and has told its owner already.
    this.#writing = Promise.all([this.#writing, this.#sink.store(entries).catch(() => {})]);
  }

  /** Resolves once all is stored. */
  async settle(): Promise<void> {
    this.flush();
    await this.#writing;
  }

  #add(entry: LogEntry): void {
    if (this.#entries.length >= MAX_KEPT) return;
    this.#entries.push(entry);
    if (this.#entries.length >= FLUSH_AT) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), FLUSH_AFTER_MS).unref();
  }
}

/** Properties as JSON; what is none of it as text. */
function textOf(properties: unknown): string | undefined {
  if (properties === undefined || properties === null) return undefined;
  const object = typeof properties === "object" ? properties : { value: properties };
  try {
    const text = JSON.stringify(object, (_key, value: unknown) =>
      typeof value === "bigint"
        ? value.toString()
        : value instanceof Error
          ? { name: value.name, message: value.message, stack: value.stack }
          : value,
    );
    return text === "{}" ? undefined : text;
  } catch {
    return '{"value":"(cannot be shown as JSON)"}';
  }
}
