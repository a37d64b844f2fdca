import { LonghaulError } from "../core/errors.ts";
import { toJsonText } from "./errors.ts";
import { createEventId } from "./ids.ts";
import type { EventInput, RunEvent } from "./types.ts";

const MAX_NAME_LENGTH = 512;
/** Event times outside of this are taken for seconds, or for nonsense. */
const FIRST_TIME = Date.UTC(1980, 0, 1);
const LAST_TIME = Date.UTC(2100, 0, 1);

/**
 * An event as it is stored, with an id of ours.
 *
 * @param trace the context it is sent in, if there is telemetry
 * @throws {LonghaulError} RUNS_BAD_EVENT, RUNS_NOT_JSON, RUNS_TOO_LARGE
 */
export function toRunEvent(input: EventInput, now: number, trace?: string): RunEvent {
  const { id, name, ts = now, v } = input;
  if (typeof name !== "string" || name === "") throw bad("it has no name");
  if (name.length > MAX_NAME_LENGTH) throw bad(`its name has ${name.length} characters`);
  if (id !== undefined && typeof id !== "string") throw bad(`the id of ${name} is no text`);
  if (!Number.isFinite(ts)) throw bad(`the ts of ${name} is no time in epoch ms`);
  if (ts !== now && (ts < FIRST_TIME || ts > LAST_TIME))
    throw bad(`the ts of ${name} is not between the years 1980 and 2100`);
  const data = plain(input.data ?? {}, name);
  if (typeof data !== "object" || data === null || Array.isArray(data))
    throw bad(`the data of ${name} is no object`);
  return {
    id: createEventId(now),
    ...(id !== undefined && id !== "" && { externalId: id }),
    name,
    data,
    ts,
    ...(v !== undefined && { v }),
    ...(input.user !== undefined && { user: plain(input.user, name) }),
    ...(input.meta !== undefined && { meta: plain(input.meta, name) }),
    ...(trace !== undefined && { trace }),
  };
}

/** As it comes out of the store: expressions see no Date, no class, and nothing the sender changes later. */
const plain = (value: unknown, name: string): unknown =>
  JSON.parse(toJsonText(value, `The event ${name}`)) as unknown;

const bad = (reason: string): LonghaulError => new LonghaulError("RUNS_BAD_EVENT", { reason });
