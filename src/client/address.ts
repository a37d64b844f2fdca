/** What a method of the client is given: the parts of the path and the query by their names, and the body. */
export type AnyInput = Readonly<Record<string, unknown>>;

/** A call, ready to be sent. */
export interface Address {
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
}

/**
 * Puts an input where it belongs: what the path names into the path, `body` into the body, all else into the query.
 *
 * @throws {TypeError} for a part of the path that is missing, or that no path can hold
 */
export function addressOf(endpoint: string, input: AnyInput): Address {
  const [method, pattern] = endpoint.split(" ") as [string, string];
  const { body, ...rest } = input;
  const query = new Map(Object.entries(rest));
  const path = pattern.replaceAll(/:(\w+)/g, (_, name: string) => {
    const value = query.get(name);
    query.delete(name);
    return pathPart(name, value);
  });
  const search = new URLSearchParams();
  for (const [name, value] of query) if (value !== undefined) search.set(name, textOf(value));
  return { method, path: search.size > 0 ? `${path}?${search}` : path, body };
}

function pathPart(name: string, value: unknown): string {
  const text = typeof value === "string" || typeof value === "number" ? String(value) : "";
  // A path with dots for a name leads somewhere else, encoded or not.
  if (text === "" || text === "." || text === "..")
    throw new TypeError(`${name} is ${JSON.stringify(value)}, and has to be an id`);
  return encodeURIComponent(text);
}

function textOf(value: unknown): string {
  if (Array.isArray(value)) return value.map(textOf).join(",");
  return value instanceof Date ? value.toISOString() : String(value);
}
