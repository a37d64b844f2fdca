import { LonghaulError } from "../../../core/errors.ts";
import type { IOLogger } from "./logger.ts";

/** Which numbers. */
export interface RandomOptions {
  /** It is one of them. @default 0 */
  readonly min?: number | undefined;
  /** It is none of them, unless `round` makes it one. @default 1 */
  readonly max?: number | undefined;
  /** To whole numbers. @default false */
  readonly round?: boolean | undefined;
}

/** @throws {LonghaulError} TRIGGER_V2_BAD_CALL */
export function randomNumber(
  { min = 0, max = 1, round = false }: RandomOptions,
  logger: IOLogger,
): number {
  if (!(min <= max))
    throw new LonghaulError("TRIGGER_V2_BAD_CALL", {
      call: "io.random()",
      reason: `min is ${min}, and max is ${max}`,
    });
  if (min === max) void logger.warn(`io.random() can only be ${min}: min and max are the same`);
  if (round && !(Number.isInteger(min) && Number.isInteger(max)))
    void logger.warn("io.random() rounds beyond min or max: they are no whole numbers");
  const number = min + (max - min) * Math.random();
  return round ? Math.round(number) : number;
}
