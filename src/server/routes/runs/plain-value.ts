/** Where `longhaul/trigger` keeps what JSON cannot say, beside the JSON. */
const MARK = "__superjson";

/**
 * Stored JSON as people expect it: of what tasks were given and return, the JSON alone, without the types that superjson
 * keeps beside it. A Date is its ISO text.
 */
export function plainValue(value: unknown): unknown {
  const isMarked = typeof value === "object" && value !== null && Object.hasOwn(value, MARK);
  return isMarked ? (value as { readonly json?: unknown }).json : value;
}

/** The same of JSON text. Text that is no JSON is shown as it is. */
export function plainText(text: string): unknown {
  try {
    return plainValue(JSON.parse(text));
  } catch {
    return text;
  }
}
