import { BaseMiddleware } from "../middleware/middleware.ts";
import type { MiddlewareInput, MiddlewareList } from "../types/middleware.ts";
import { describe, OptionProblem } from "./problem.ts";

/**
 * Middleware of either form, in order.
 *
 * Middleware of other packages extends the base class of another copy, that of Inngest's own SDK: it is known by its
 * shape, and works as long as it keeps to the hooks.
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
  if (isClass(item) || isLegacy(item)) return item as MiddlewareInput;
  throw new OptionProblem(
    "middleware is new InngestMiddleware(…), or a class that extends Middleware.BaseMiddleware",
  );
}

function isClass(item: unknown): boolean {
  for (let type = item; typeof type === "function"; type = Object.getPrototypeOf(type))
    if (type.name === BaseMiddleware.name) return true;
  return false;
}

function isLegacy(item: unknown): boolean {
  const { name, init } = (item ?? {}) as { name?: unknown; init?: unknown };
  return typeof item === "object" && typeof name === "string" && typeof init === "function";
}
