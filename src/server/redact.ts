import { LonghaulError } from "../core/errors.ts";

/** What is shown instead. */
export const REDACTED = "[redacted]";

/** Takes secrets out of what is shown; what is stored stays as it is. */
export interface Redactor {
  /** A copy without the secrets; the very same value if it holds none. */
  <T>(payload: T): T;
  /** Whether a path into a payload leads to, or into, something that is not shown: what cannot be seen is not searched. */
  hides(path: readonly string[]): boolean;
  /** Whether it hides anything at all: then nobody may find out by searching what payloads hold. */
  readonly hidesSome: boolean;
}

type Pattern = readonly string[];

/** Deeper than any payload; what goes on deeper is not shown. */
const DEEPEST = 500;

/**
 * Makes a redactor of paths: keys with dots between, such as `card.number`, wherever they begin; `*` is one key or place
 * in a list, and a `$.` in front means the top of the payload. Letter case does not count.
 *
 * @throws {LonghaulError} AUTH_BAD_OPTION
 *
 * @example
 * const redact = createRedactor(["password", "card.*", "$.user.email"]);
 * redact({ user: { password: "x", name: "Ada" } }); // { user: { password: "[redacted]", name: "Ada" } }
 */
export function createRedactor(paths: readonly string[]): Redactor {
  const anchored: Pattern[] = [];
  const floating: Pattern[] = [];
  for (const path of paths) {
    const isAnchored = path.startsWith("$.");
    const pattern = (isAnchored ? path.slice(2) : path).toLowerCase().split(".");
    if (pattern.includes("")) {
      const reason = `redact has ${JSON.stringify(path)}, which is no path such as card.number`;
      throw new LonghaulError("AUTH_BAD_OPTION", { reason });
    }
    (isAnchored ? anchored : floating).push(pattern);
    // The event of a task that was triggered has its payload below this, and that may have its JSON beside its types.
    if (isAnchored) anchored.push(["payload", ...pattern], ["payload", "json", ...pattern]);
  }
  /** What is left of the patterns below a key; an empty one has arrived. */
  const below = (open: readonly Pattern[], key: string): Pattern[] => {
    const name = key.toLowerCase();
    return [...open, ...floating]
      .filter(([first]) => first === "*" || first === name)
      .map((pattern) => pattern.slice(1));
  };
  const isHidden = (open: readonly Pattern[]): boolean => open.some(({ length }) => length === 0);

  const show = (value: unknown, open: readonly Pattern[], depth: number): unknown => {
    if (typeof value !== "object" || value === null) return value;
    if (depth > DEEPEST) return REDACTED;
    let copy: Record<string, unknown> | unknown[] | undefined;
    for (const [key, part] of Object.entries(value)) {
      const rest = below(open, key);
      const shown = isHidden(rest) ? REDACTED : show(part, rest, depth + 1);
      if (shown === part) continue;
      copy ??= Array.isArray(value) ? [...(value as unknown[])] : { ...value };
      // Not by assignment, which would mean something else for __proto__.
      Object.defineProperty(copy, key, {
        value: shown,
        enumerable: true,
        writable: true,
        configurable: true,
      });
    }
    return copy ?? value;
  };

  const redact = <T>(payload: T): T =>
    paths.length === 0 ? payload : (show(payload, anchored, 0) as T);
  const hides = (path: readonly string[]): boolean => {
    let open: readonly Pattern[] = anchored;
    for (const key of path) {
      open = below(open, key);
      if (isHidden(open)) return true;
    }
    return false;
  };
  return Object.assign(redact, { hides, hidesSome: paths.length > 0 });
}
