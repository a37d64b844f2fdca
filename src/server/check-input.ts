import type { z } from "zod";
import { InvalidRequest, type ProblemPlace } from "./problem.ts";
import type { Route } from "./route.ts";

/** What came with a request, as it came. */
export interface RawInput {
  readonly params: unknown;
  readonly query: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/**
 * What came with a request, as the route's schemas make it. A route without a schema takes none: no query parameter, no
 * body other than `{}`.
 *
 * @throws {InvalidRequest} with every place that does not fit
 */
export function checkInput(route: Route, raw: RawInput): RawInput {
  const places: ProblemPlace[] = [];
  const check = (schema: z.ZodType | undefined, value: unknown, base: string): unknown => {
    if (schema === undefined) {
      for (const key of Object.keys(value ?? {}))
        places.push({ pointer: pointerTo(base, [key]), detail: "There is no such field here" });
      if (isPlain(value)) return undefined;
      places.push({ pointer: `#${base}`, detail: "Nothing is expected here" });
      return undefined;
    }
    const result = schema.safeParse(value);
    if (result.success) return result.data;
    for (const issue of result.error.issues) places.push(...placesOf(issue, base));
    return undefined;
  };
  const params = route.params ? check(route.params, raw.params, "/path") : raw.params;
  const query = check(route.query, raw.query, "/query") as RawInput["query"];
  const body = check(route.body, raw.body, "");
  if (places.length > 0) throw new InvalidRequest(places);
  return { params, query: query ?? {}, body };
}

function placesOf(issue: z.core.$ZodIssue, base: string): ProblemPlace[] {
  if (issue.code !== "unrecognized_keys")
    return [{ pointer: pointerTo(base, issue.path), detail: issue.message }];
  return issue.keys.map((key) => ({
    pointer: pointerTo(base, [...issue.path, key]),
    detail: "There is no such field here",
  }));
}

/** A JSON pointer (RFC 6901) in the form of a URI fragment. */
function pointerTo(base: string, path: readonly PropertyKey[]): string {
  const parts = path.map((part) => String(part).replaceAll("~", "~0").replaceAll("/", "~1"));
  return `#${base}${parts.map((part) => `/${encodePart(part)}`).join("")}`;
}

/** Half of a character, which JSON may hold, cannot be encoded. */
const encodePart = (part: string): string => encodeURIComponent(Buffer.from(part).toString());

const isPlain = (value: unknown): boolean =>
  value === undefined || (typeof value === "object" && value !== null && !Array.isArray(value));
