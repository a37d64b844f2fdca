import { LonghaulError } from "../../core/errors.ts";
import type { EventInput } from "../../runs/types.ts";
import { INTERNAL_PREFIX } from "../internal-events.ts";
import { mergeSessions } from "./sessions.ts";

const MAX_NAME_LENGTH = 512;
const FIRST_TIME = Date.UTC(1980, 0, 1);
const LAST_TIME = Date.UTC(2100, 0, 1);
const NAMES = ["id", "name", "data", "ts", "v", "user", "meta", "validate", "sessions", "ctx"];

/**
 * An event as its sender wrote it, checked. Whether its data is JSON, and not too large, the engine finds out.
 *
 * @throws {LonghaulError} INNGEST_BAD_EVENT
 */
export function toEventInput(payload: unknown): EventInput {
  if (typeof payload !== "object" || payload === null || Array.isArray(payload))
    throw bad(undefined, "it is no object");
  const raw = payload as Readonly<Record<string, unknown>>;
  const { name, data } = raw;
  if (typeof name !== "string" || name.trim() === "") throw bad(name, "it has no name");
  if (name.length > MAX_NAME_LENGTH)
    throw bad(name.slice(0, 40), `its name is longer than ${MAX_NAME_LENGTH} characters`);
  if (name.toLowerCase().startsWith(INTERNAL_PREFIX))
    throw bad(name, `names that begin with ${INTERNAL_PREFIX} are the engine's`);
  for (const key of Object.keys(raw))
    if (!NAMES.includes(key)) throw bad(name, `it has no ${key}; put it into data`);
  checkData(name, data);
  const ts = timeOf(name, raw["ts"]);
  const id = textOf(raw, "id");
  const v = textOf(raw, "v");
  const meta = mergeSessions(name, raw["meta"]);
  return {
    name,
    data: data ?? {},
    ...(id !== undefined && { id }),
    ...(ts !== undefined && { ts }),
    ...(v !== undefined && { v }),
    ...(raw["user"] !== undefined && { user: raw["user"] }),
    ...(meta !== undefined && { meta }),
  };
}

function checkData(name: string, data: unknown): void {
  if (data === undefined || data === null) return;
  if (typeof data !== "object" || Array.isArray(data))
    throw bad(name, `data is an object, not ${Array.isArray(data) ? "a list" : typeof data}`);
}

/** 0 is how other languages' clients leave it out. */
function timeOf(name: string, ts: unknown): number | undefined {
  if (ts === undefined || ts === null || ts === 0) return undefined;
  if (typeof ts === "number" && ts >= FIRST_TIME && ts <= LAST_TIME) return Math.floor(ts);
  throw bad(name, "ts is epoch ms, a number between 1980 and 2100");
}

/** An id or version that is missing or empty is none. */
function textOf(raw: Readonly<Record<string, unknown>>, key: "id" | "v"): string | undefined {
  const value = raw[key];
  if (value === undefined || value === null || value === "") return undefined;
  if (typeof value !== "string") throw bad(raw["name"], `${key} is a string`);
  return value;
}

const bad = (name: unknown, reason: string): LonghaulError =>
  new LonghaulError("INNGEST_BAD_EVENT", {
    event: typeof name === "string" && name !== "" ? name : "without a name",
    reason,
  });
