/** Something a run said, or a span of its time. */
export interface LogEntry {
  /** When; of a span, when it began. Epoch ms. */
  readonly at: number;
  readonly kind: "log" | "span";
  readonly level: "debug" | "log" | "info" | "warn" | "error";
  /** Of a span, its name. */
  readonly message: string;
  /** JSON text of an object. */
  readonly properties?: string | undefined;
  /** Of a span: how others name it. */
  readonly spanId?: string | undefined;
  /** The span it is in. */
  readonly parentId?: string | undefined;
  /** Of a span. */
  readonly durationMs?: number | undefined;
  /** Attempt of the run, from 0. */
  readonly attempt: number;
}

/** An entry as stored. */
export interface LogRecord extends LogEntry {
  /** Its number in the run, from 1. */
  readonly seq: number;
}

/** Logs and spans of runs, in the order they were stored. */
export interface LogStore {
  /**
   * Adds entries; those over the limit of a run are dropped.
   * @returns how many were stored
   */
  append(params: {
    readonly runId: string;
    readonly entries: readonly LogEntry[];
  }): Promise<number>;
  list(params: {
    readonly runId: string;
    readonly limit: number;
    /** The `seq` that the page begins after. @default 0 */
    readonly after?: number | undefined;
  }): Promise<readonly LogRecord[]>;
}
