import { readFileSync } from "node:fs";
import { usage } from "./values.ts";

/**
 * What an argument says in JSON; `-` reads it from stdin.
 *
 * @returns undefined if there is no argument
 * @throws {LonghaulError} CLI_BAD_USAGE
 */
export function jsonArgument(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text === "-" ? readFileSync(0, "utf8") : text) as unknown;
  } catch (error) {
    throw usage(`This is no JSON: ${(error as Error).message}`);
  }
}

/** @throws {LonghaulError} CLI_BAD_USAGE if it is anything else */
export function jsonObjectArgument(text: string | undefined): Record<string, unknown> | undefined {
  const value = jsonArgument(text);
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  if (value === undefined || isObject) return value as Record<string, unknown> | undefined;
  throw usage("The data of an event is a JSON object");
}
