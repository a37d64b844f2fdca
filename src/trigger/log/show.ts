import type { Level } from "./run-log.ts";

/** Writes a line to the console. */
export function show(level: Level, message: string, properties?: unknown): void {
  const rest = properties === undefined ? [] : [properties];
  // This is the logger's way to people.
  console[level](message, ...rest);
}
