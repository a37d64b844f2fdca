import type { ASTNode } from "@marcbachmann/cel-js";
import { UnsignedInt } from "@marcbachmann/cel-js/evaluator";
import { type CelFunction, findFunction, findMethod, findOperator } from "./library.ts";
import {
  addLoosely,
  calculate,
  compareLoosely,
  isMember,
  isNumber,
  isTruthy,
  looselyEqual,
  MISSING,
  pick,
} from "./values.ts";

/** What an expression is evaluated on. */
export interface Scope {
  readonly now: number;
  readonly variables: Readonly<Record<string, unknown>>;
  /** Whether what `event` lacks is `null`, as in waits, where Inngest puts literals in its place. */
  readonly missingEventIsNull: boolean;
}

/** A compiled expression. */
export type Evaluate = (scope: Scope) => unknown;

type Operands = readonly [ASTNode, ASTNode];

/** `[variable, condition or result]` of a macro such as `list.exists(x, x > 1)`. */
const MACROS: ReadonlySet<string> = new Set(["all", "exists", "exists_one", "filter", "map"]);

/**
 * Makes a function of an expression's syntax tree, with the semantics of values.ts. CEL's own evaluator cannot be used:
 * it is strict, and an operand that fails must count as missing here, not end the evaluation.
 *
 * @param variables Names that the expression may use.
 * @throws {Error} that says what is unknown
 */
export function compile(node: ASTNode, variables: ReadonlySet<string>): Evaluate {
  const sub = (child: ASTNode): Evaluate => compile(child, variables);
  switch (node.op) {
    case "value":
      return literal(node.args);
    case "id":
      return variable(node.args, variables);
    case ".":
    case ".?":
      return access(node.args[0], sub(node.args[0]), literal(node.args[1]));
    case "[]":
    case "[?]":
      return access(node.args[0], sub(node.args[0]), sub(node.args[1]));
    case "!_":
      return not(sub(node.args));
    case "-_":
      return negate(sub(node.args));
    case "&&":
    case "||":
      return logical(node.op, sub(node.args[0]), sub(node.args[1]));
    case "?:":
      return conditional(sub(node.args[0]), sub(node.args[1]), sub(node.args[2]));
    case "list":
      return list(node.args.map(sub));
    case "map":
      return map(node.args.map(([key, value]) => [sub(key), sub(value)] as const));
    case "call":
      return functionCall(node.args[0], node.args[1], variables);
    case "rcall":
      return methodCall(node.args[0], node.args[1], node.args[2], variables);
    default:
      return binary(node.op, sub((node.args as Operands)[0]), sub((node.args as Operands)[1]));
  }
}

function literal(value: unknown): Evaluate {
  const constant = value instanceof UnsignedInt ? value.value : value;
  return () => constant;
}

function variable(name: string, variables: ReadonlySet<string>): Evaluate {
  if (!variables.has(name)) {
    throw new Error(`${name} is unknown here; there is ${[...variables].join(" and ")}`);
  }
  return ({ variables }) => variables[name] ?? MISSING;
}

function access(containerNode: ASTNode, container: Evaluate, key: Evaluate): Evaluate {
  const read: Evaluate = (scope) => pick(container(scope), key(scope));
  if (rootOf(containerNode) !== "event") return read;
  return (scope) => {
    const value = read(scope);
    return value === MISSING && scope.missingEventIsNull ? null : value;
  };
}

/** The variable at the start of a path. */
function rootOf(node: ASTNode): string | undefined {
  if (node.op === "id") return node.args;
  return node.op === "." || node.op === "[]" ? rootOf(node.args[0]) : undefined;
}

const not =
  (operand: Evaluate): Evaluate =>
  (scope) =>
    !isTruthy(operand(scope));

const negate =
  (operand: Evaluate): Evaluate =>
  (scope) => {
    const value = operand(scope);
    return isNumber(value) ? -value : MISSING;
  };

/** Like JavaScript's: the first operand that decides, itself. */
function logical(operator: "&&" | "||", left: Evaluate, right: Evaluate): Evaluate {
  const decides = operator === "||";
  return (scope) => {
    const first = left(scope);
    return isTruthy(first) === decides ? first : right(scope);
  };
}

const conditional =
  (condition: Evaluate, yes: Evaluate, no: Evaluate): Evaluate =>
  (scope) =>
    isTruthy(condition(scope)) ? yes(scope) : no(scope);

const list =
  (items: readonly Evaluate[]): Evaluate =>
  (scope) =>
    items.map((item) => orNull(item(scope)));

const map =
  (entries: readonly (readonly [Evaluate, Evaluate])[]): Evaluate =>
  (scope) =>
    Object.fromEntries(
      entries.map(([key, value]) => [String(orNull(key(scope))), orNull(value(scope))]),
    );

const orNull = (value: unknown): unknown => (value === MISSING ? null : value);

function binary(
  operator: "==" | "!=" | "<" | "<=" | ">" | ">=" | "in" | "+" | "-" | "*" | "/" | "%",
  left: Evaluate,
  right: Evaluate,
): Evaluate {
  switch (operator) {
    case "==":
      return (scope) => looselyEqual(left(scope), right(scope));
    case "!=":
      return (scope) => !looselyEqual(left(scope), right(scope));
    case "in":
      return (scope) => isMember(left(scope), right(scope));
    case "<":
    case "<=":
    case ">":
    case ">=":
      return (scope) => compareLoosely(operator, left(scope), right(scope));
    default:
      return arithmetic(operator, left, right);
  }
}

function arithmetic(
  operator: "+" | "-" | "*" | "/" | "%",
  left: Evaluate,
  right: Evaluate,
): Evaluate {
  const ofTimes = findOperator(operator);
  const ofValues =
    operator === "+" ? addLoosely : (a: unknown, b: unknown) => calculate(operator, a, b);
  return (scope) => {
    const [a, b] = [left(scope), right(scope)];
    const result = ofValues(a, b);
    return result === undefined ? ofTimes(scope.now, a, b) : result;
  };
}

function functionCall(
  name: string,
  args: readonly ASTNode[],
  variables: ReadonlySet<string>,
): Evaluate {
  if (name === "has") return has(args, variables);
  const call = findFunction(name, args.length);
  if (call === undefined) throw new Error(`there is no function ${signature(name, args)}`);
  return apply(
    call,
    args.map((arg) => compile(arg, variables)),
  );
}

/** Whether a field is there, be it null. */
function has(args: readonly ASTNode[], variables: ReadonlySet<string>): Evaluate {
  const [field] = args;
  if (args.length !== 1 || field?.op !== ".")
    throw new Error("has() wants a field: has(event.data.x)");
  const [containerNode, name] = field.args;
  const container = compile(containerNode, variables);
  return (scope) => pick(container(scope), name) !== MISSING;
}

function methodCall(
  name: string,
  receiver: ASTNode,
  args: readonly ASTNode[],
  variables: ReadonlySet<string>,
): Evaluate {
  if (MACROS.has(name)) return macro(name, receiver, args, variables);
  const call = findMethod(name, args.length);
  if (call === undefined) throw new Error(`there is no method ${signature(name, args)}`);
  return apply(
    call,
    [receiver, ...args].map((arg) => compile(arg, variables)),
  );
}

const signature = (name: string, args: readonly ASTNode[]): string =>
  `${name}() with ${args.length} argument${args.length === 1 ? "" : "s"}`;

const apply =
  (call: CelFunction, args: readonly Evaluate[]): Evaluate =>
  (scope) =>
    call(scope.now, ...args.map((arg) => arg(scope)));

/** The parser has seen to it that the first argument is a name. */
function macro(
  name: string,
  receiver: ASTNode,
  args: readonly ASTNode[],
  variables: ReadonlySet<string>,
): Evaluate {
  const [variableNode, ...bodies] = args;
  const item = (variableNode as { readonly args: string }).args;
  const items = compile(receiver, variables);
  const inner = new Set([...variables, item]);
  const [first, second] = bodies.map((body) => compile(body, inner));
  if (first === undefined) throw new Error(`there is no method ${signature(name, args)}`);
  const fold = folds[name as keyof typeof folds];
  return (scope) => {
    const all = elements(items(scope));
    if (all === undefined) return MISSING;
    const inScope = (value: unknown): Scope => ({
      ...scope,
      variables: { ...scope.variables, [item]: value },
    });
    return fold(
      all,
      (value) => first(inScope(value)),
      second && ((value) => second(inScope(value))),
    );
  };
}

type OfItem = (item: unknown) => unknown;

const folds = {
  all: (items: readonly unknown[], test: OfItem) => items.every((item) => isTruthy(test(item))),
  exists: (items: readonly unknown[], test: OfItem) => items.some((item) => isTruthy(test(item))),
  exists_one: (items: readonly unknown[], test: OfItem) =>
    items.filter((item) => isTruthy(test(item))).length === 1,
  filter: (items: readonly unknown[], test: OfItem) => items.filter((item) => isTruthy(test(item))),
  map: (items: readonly unknown[], first: OfItem, second: OfItem | undefined) =>
    second === undefined
      ? items.map((item) => orNull(first(item)))
      : items.filter((item) => isTruthy(first(item))).map((item) => orNull(second(item))),
};

/** A list's elements, or a map's keys. */
function elements(container: unknown): readonly unknown[] | undefined {
  if (Array.isArray(container)) return container;
  return typeof container === "object" && container !== null ? Object.keys(container) : undefined;
}
