import { randomBytes } from "node:crypto";
import type { Untyped } from "../types/untyped.ts";
import type { RunLog } from "./run-log.ts";

/** What a span says of itself from the start. */
export interface SpanOptions {
  readonly attributes?: Readonly<Record<string, Untyped>> | undefined;
  /** Kept as the attribute `icon`. */
  readonly icon?: string | undefined;
}

/** A part of a run's time. */
export interface Span {
  readonly id: string;
  setAttribute(key: string, value: Untyped): this;
  setAttributes(attributes: Readonly<Record<string, Untyped>>): this;
  addEvent(name: string, attributes?: Readonly<Record<string, Untyped>>): this;
  recordException(error: unknown): void;
  setStatus(status: { readonly code: number; readonly message?: string | undefined }): this;
  updateName(name: string): this;
  isRecording(): boolean;
  /** Idempotent. */
  end(): void;
}

/** A span that is stored when it ends. */
export class LogSpan implements Span {
  readonly id = randomBytes(8).toString("hex");
  readonly #log: RunLog | undefined;
  readonly #parentId: string | undefined;
  readonly #startedAt: number;
  readonly #attributes: Record<string, unknown>;
  readonly #events: object[] = [];
  #name: string;
  #error: string | undefined;
  #isOver = false;

  constructor(
    name: string,
    log: RunLog | undefined,
    parentId: string | undefined,
    { attributes, icon }: SpanOptions,
  ) {
    this.#name = name;
    this.#log = log;
    this.#parentId = parentId;
    this.#startedAt = log?.now() ?? 0;
    this.#attributes = { ...attributes, ...(icon !== undefined && { icon }) };
  }

  setAttribute(key: string, value: unknown): this {
    this.#attributes[key] = value;
    return this;
  }

  setAttributes(attributes: Readonly<Record<string, unknown>>): this {
    Object.assign(this.#attributes, attributes);
    return this;
  }

  addEvent(name: string, attributes?: Readonly<Record<string, unknown>>): this {
    this.#events.push({ name, at: this.#log?.now(), ...(attributes && { attributes }) });
    return this;
  }

  recordException(error: unknown): void {
    this.#error = String(error);
  }

  setStatus({
    code,
    message,
  }: {
    readonly code: number;
    readonly message?: string | undefined;
  }): this {
    // 2 is an error, as in OpenTelemetry.
    if (code === 2) this.#error = message ?? "error";
    return this;
  }

  updateName(name: string): this {
    this.#name = name;
    return this;
  }

  isRecording(): boolean {
    return this.#log !== undefined && !this.#isOver;
  }

  end(): void {
    if (!this.isRecording()) return;
    this.#isOver = true;
    const at = this.#startedAt;
    const properties = {
      ...this.#attributes,
      ...(this.#events.length > 0 && { events: this.#events }),
      ...(this.#error !== undefined && { error: this.#error }),
    };
    const level = this.#error === undefined ? "info" : "error";
    const durationMs = this.#log!.now() - at;
    const span = { at, level, message: this.#name, spanId: this.id, durationMs } as const;
    this.#log!.span({ ...span, parentId: this.#parentId }, properties);
  }
}
