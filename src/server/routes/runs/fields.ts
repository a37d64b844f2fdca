import { z } from "zod";
import { stepKinds } from "../../../runs/store/sqlite/codes.ts";
import { dueTime, durationMs } from "../../../trigger/durations.ts";
import type { RunState } from "../../../runs/types.ts";

/** Parts that the answers and the questions of these routes are made of. */

const STATES = [
  "delayed",
  "queued",
  "running",
  "waiting",
  "completed",
  "failed",
  "canceled",
  "expired",
  "timedOut",
  "skipped",
] as const satisfies readonly RunState[];

/** ISO 8601. */
export const time = z.iso.datetime();
export const runState = z.enum(STATES);
/** How many are in each state; none where a state is missing. */
export const stateCounts = z.partialRecord(runState, z.int());
/** JSON of the user's: whatever it is. */
export const json = z.unknown();

export const id = z.string().min(1).max(512);

/** A time of the engine's, in ISO 8601; times beyond those that a date can have are none. */
export const iso = (ms: number): string => new Date(ms).toISOString();
export const isoOrNull = (ms: number | undefined): string | null =>
  ms === undefined || Math.abs(ms) > 8.64e15 ? null : iso(ms);

/** A time that is asked for: ISO 8601, epoch ms out of it. */
export const timeQuery = z
  .union([z.iso.datetime({ offset: true }), z.iso.date()])
  .transform((text) => Date.parse(text));

/** `a,b`: any of them. */
export const listQuery = z
  .string()
  .transform((text) => text.split(",").filter((part) => part !== ""))
  .pipe(z.array(z.string()).min(1).max(50));

/** `true` or `false`. */
export const flagQuery = z.enum(["true", "false"]).transform((text) => text === "true");

/** `"10m"`, `"1h30m"`, `"7d"`. */
export const duration = z
  .string()
  .max(100)
  .refine(isDuration, 'write "30s", "10m", "1h30m", "7d" or "2w"');

/** A duration from now, or a time in ISO 8601. */
export const durationOrTime = z
  .string()
  .max(100)
  .refine(isDue, 'write "30s", "10m", "1h30m", "7d", or a time in ISO 8601');

function isDuration(text: string): boolean {
  try {
    durationMs(text, "");
    return true;
  } catch {
    return false;
  }
}

function isDue(text: string): boolean {
  try {
    dueTime(text, 0, "");
    return true;
  } catch {
    return false;
  }
}

/** Kinds of steps. */
export const stepKind = z.enum(stepKinds);

/** Most rows of a window of what a run has said or done. */
const MAX_WINDOW = 500;

/** How the parts of a run are asked for, window by window, so that a run of thousands of steps opens fast. */
export const windowQuery = {
  limit: z.coerce.number().int().min(1).max(MAX_WINDOW).default(100),
  cursor: z.string().optional(),
} as const;
