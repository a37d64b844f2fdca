import { InngestMiddleware } from "../middleware/legacy-middleware.ts";
import { BaseMiddleware } from "../middleware/middleware.ts";
import type { MiddlewareInput, MiddlewareList } from "../types/middleware.ts";
import { describe, OptionProblem } from "./problem.ts";

/**
 * Middleware of either form, in order.
 *
 * @throws {OptionProblem}
 */
export function readMiddleware(input: unknown): MiddlewareList {
  if (input === undefined) return [];
  if (!Array.isArray(input))
    throw new OptionProblem(`middleware is a list, not ${describe(input)}`);
  return input.map(readOne);
}

function readOne(item: unknown): MiddlewareInput {
  if (item instanceof InngestMiddleware) return item as MiddlewareInput;
  if (typeof item === "function" && item.prototype instanceof BaseMiddleware)
    return item as MiddlewareInput;
  throw new OptionProblem(
    "middleware is new InngestMiddleware(…), or a class that extends Middleware.BaseMiddleware; import both from longhaul/inngest",
  );
}
