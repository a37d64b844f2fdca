import type { Paint } from "../colors.ts";
import type { Change } from "./change-lines.ts";

const COLORS: Readonly<Record<string, keyof Paint>> = {
  completed: "green",
  failed: "red",
  timedOut: "red",
  stalled: "red",
  canceled: "yellow",
  expired: "yellow",
  removed: "yellow",
  active: "cyan",
  running: "cyan",
};

/** A change as a line for people: when, what, where it is now, how long it took, and why it failed. */
export function showChange(change: Change, now: Date, paint: Paint): string {
  const { kind, id, name, state, durationMs, error } = change;
  const color = COLORS[state];
  const word = state.padEnd(9);
  const parts = [
    paint.dim(timeOf(now)),
    kind,
    paint.bold(name),
    paint.dim(id),
    color === undefined ? word : paint[color](word),
    durationMs === undefined ? "" : paint.dim(durationOf(durationMs)),
    error === undefined ? "" : paint.red(error.split("\n", 1)[0]!),
  ];
  return parts
    .filter((part) => part !== "")
    .join("  ")
    .trimEnd();
}

const timeOf = (now: Date): string =>
  [now.getHours(), now.getMinutes(), now.getSeconds()].map((part) => pad(part, 2)).join(":") +
  `.${pad(now.getMilliseconds(), 3)}`;

const pad = (part: number, length: number): string => String(part).padStart(length, "0");

/** Such as `34 ms`, `1.2 s` or `3 min 5 s`. */
export function durationOf(ms: number): string {
  if (ms < 1_000) return `${ms} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.floor((ms % 60_000) / 1_000)} s`;
}
