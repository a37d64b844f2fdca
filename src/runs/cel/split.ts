import type { ASTNode } from "@marcbachmann/cel-js";
import { compile, type Evaluate } from "./compile.ts";
import { TIME_FUNCTIONS } from "./library.ts";

/** `async.<path> == <value>`: the value is known as soon as the run's own event is. */
export interface EqualityPart {
  /** Names below `async`, joined by dots. */
  readonly path: string;
  readonly value: Evaluate;
  /** Whether the expression itself holds the value, so that all its waits have the same. */
  readonly isLiteral: boolean;
}

/** The equality parts of a wait's condition. */
export interface SplitCondition {
  readonly equalities: readonly EqualityPart[];
  /** Whether the parts together say all that the condition says. */
  readonly complete: boolean;
}

const EVENT_ONLY: ReadonlySet<string> = new Set(["event"]);

/**
 * Finds what a store can look up instead of evaluating: the operands of the outermost `&&` that compare one field of the
 * awaited event with something that does not depend on it, nor on the time. The most telling part, with which a store
 * begins, comes first: not a literal, if there is another.
 */
export function splitCondition(condition: ASTNode): SplitCondition {
  const parts = conjuncts(condition).map(asEquality);
  const equalities = parts
    .filter((part) => part !== undefined)
    .sort((left, right) => Number(left.isLiteral) - Number(right.isLiteral));
  return { equalities, complete: equalities.length === parts.length };
}

const conjuncts = (node: ASTNode): ASTNode[] =>
  node.op === "&&" ? node.args.flatMap((operand) => conjuncts(operand)) : [node];

function asEquality(node: ASTNode): EqualityPart | undefined {
  if (node.op !== "==") return undefined;
  const [left, right] = node.args;
  return equality(left, right) ?? equality(right, left);
}

function equality(field: ASTNode, value: ASTNode): EqualityPart | undefined {
  const path = pathBelowAsync(field);
  if (path === undefined || path.length === 0 || !isKnownEarly(value)) return undefined;
  return {
    path: path.join("."),
    value: compile(value, EVENT_ONLY),
    isLiteral: value.op === "value",
  };
}

/** `async.data["order"].id` gives data, order, id. A name with a dot in it would be read as two. */
function pathBelowAsync(node: ASTNode): string[] | undefined {
  if (node.op === "id") return node.args === "async" ? [] : undefined;
  if (node.op !== "." && node.op !== "[]") return undefined;
  const [container, key] = node.args;
  const name = typeof key === "string" ? key : key.op === "value" ? key.args : undefined;
  if (typeof name !== "string" || name === "" || name.includes(".")) return undefined;
  const above = pathBelowAsync(container);
  return above && [...above, name];
}

/** Whether a value follows from the run's own event alone. Macros are left to the evaluation. */
function isKnownEarly(node: ASTNode): boolean {
  switch (node.op) {
    case "value":
      return true;
    case "id":
      return node.args === "event";
    case ".":
      return isKnownEarly(node.args[0]);
    case "call":
      return (
        !TIME_FUNCTIONS.has(node.args[0]) &&
        node.args[0] !== "has" &&
        node.args[1].every(isKnownEarly)
      );
    case "[]":
    case "+":
      return node.args.every(isKnownEarly);
    default:
      return false;
  }
}
