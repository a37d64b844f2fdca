import { LonghaulError } from "../../../core/errors.ts";
import type { EventFilter } from "../../../runs/cel/event-filter.ts";
import type { SchemaOut } from "../../schema.ts";
import type { Untyped } from "../../types/untyped.ts";
import { receive } from "../events/event.ts";
import { payloadParser, type PayloadSchema } from "../events/payload.ts";
import type { RunScope } from "../run-scope.ts";
import { conditionOf } from "../triggers/condition.ts";
import { keyText, type TaskKey } from "./task-key.ts";

/** Which event to wait for. */
export interface WaitForEventRequest<TSchema extends PayloadSchema | undefined> {
  readonly name: string;
  /** A payload that does not fit makes the wait throw. @default any payload */
  readonly schema?: TSchema;
  /** Only events whose payload fits. */
  readonly filter?: EventFilter | undefined;
  /** Only events whose context fits. */
  readonly contextFilter?: EventFilter | undefined;
  /** @default "trigger.dev" */
  readonly source?: string | undefined;
  readonly accountId?: string | undefined;
}

/** An event that was waited for. */
export interface WaitForEventResult<TPayload> {
  readonly id: string;
  readonly name: string;
  readonly source: string;
  readonly payload: TPayload;
  readonly timestamp: Date;
  readonly context: Untyped;
  readonly accountId?: string;
}

/** An hour. */
const DEFAULT_TIMEOUT_SECONDS = 60 * 60;

/** Waits for an event. @throws {LonghaulError} TRIGGER_V2_TIMEOUT, TRIGGER_V2_INVALID_PAYLOAD, TRIGGER_V2_BAD_CALL */
export async function waitForEvent<TSchema extends PayloadSchema | undefined>(
  { run }: RunScope,
  key: TaskKey,
  request: WaitForEventRequest<TSchema>,
  seconds = DEFAULT_TIMEOUT_SECONDS,
): Promise<WaitForEventResult<TSchema extends PayloadSchema ? SchemaOut<TSchema> : Untyped>> {
  const id = keyText(key, "io.waitForEvent()");
  const parse = payloadParser(request.schema, request.name);
  const event = await run.waitForEvent(id, {
    event: request.name,
    if: conditionOf(request, "async", `io.waitForEvent(${JSON.stringify(id)})`),
    timeoutMs: milliseconds(seconds, "timeoutInSeconds of io.waitForEvent()"),
  });
  if (event === null) throw new LonghaulError("TRIGGER_V2_TIMEOUT", { task: id, seconds });
  const { accountId, ...received } = receive(event);
  return {
    ...received,
    payload: (await parse(received.payload)) as never,
    ...(accountId !== undefined && { accountId }),
  };
}

/** Seconds as ms. @throws {LonghaulError} TRIGGER_V2_BAD_CALL */
export function milliseconds(seconds: number, call: string): number {
  if (typeof seconds !== "number" || Number.isNaN(seconds) || seconds < 0)
    throw new LonghaulError("TRIGGER_V2_BAD_CALL", {
      call,
      reason: `${String(seconds)} is no number of seconds`,
    });
  return seconds * 1_000;
}
