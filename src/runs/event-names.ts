/**
 * Names of events and the patterns that triggers may give instead: a `*` at the end, after `/` or `.`, stands for
 * whatever follows. `app/*` fits `app/user.created`, `app/user.*` too; `app*` and `*` are no patterns.
 */

/** Every pattern that fits a name, the name itself first: what to look up, so that nothing has to be scanned. */
export function patternsFor(name: string): readonly string[] {
  const patterns = [name];
  for (let i = 0; i < name.length - 1; i++) {
    const char = name[i];
    if (char === "/" || char === ".") patterns.push(`${name.slice(0, i + 1)}*`);
  }
  return patterns;
}

/** Why something is neither an event's name nor a pattern; `undefined` if it is one. */
export function problemOfPattern(pattern: unknown): string | undefined {
  if (typeof pattern !== "string" || pattern === "") return "an event needs a name";
  if (pattern.length > MAX_TRIGGER_NAME) {
    return `an event name of ${pattern.length} characters, more than ${MAX_TRIGGER_NAME}`;
  }
  const star = pattern.indexOf("*");
  if (star < 0) return undefined;
  const isLast = star === pattern.length - 1;
  if (isLast && star > 1 && /[/.]/.test(pattern.charAt(star - 1))) return undefined;
  return `${pattern} has a * that is not at the end after / or .`;
}

const MAX_TRIGGER_NAME = 255;
