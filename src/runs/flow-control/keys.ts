import { createHash } from "node:crypto";
import { evaluateExpression, type ExpressionInput } from "../expressions.ts";

/** Keys longer than this are stored as a hash. */
const MAX_KEY = 200;

/**
 * A key of flow control as the store keeps it: parts that cannot run into each other, whatever is in them.
 * `["fn","send-mail","event.data.userId","17"]`
 */
export function flowKey(kind: string, ...parts: readonly string[]): string {
  const key = JSON.stringify([kind, ...parts]);
  if (key.length <= MAX_KEY) return key;
  return `${kind}:${createHash("sha256").update(key).digest("base64url")}`;
}

/** The value of a key expression as text: text as it is, the rest as JSON (17 and "17" are one key, as in Inngest). */
export function keyText(expression: string, input: ExpressionInput): string {
  const value = evaluateExpression(expression, input);
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** The same, with `undefined` for `false`: what is false, or missing, is not limited. */
export function optionalKeyText(expression: string, input: ExpressionInput): string | undefined {
  const value = evaluateExpression(expression, input);
  if (value === false) return undefined;
  return typeof value === "string" ? value : JSON.stringify(value);
}
