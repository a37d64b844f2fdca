import { LonghaulError } from "../errors.ts";

/** A field inside a payload and what it has to be. */
export interface DataTerm {
  /** The names of the fields from outside in; all digits may also be a place in a list. */
  readonly path: readonly string[];
  readonly value: string;
}

/** What is searched for. Everything that is said has to fit; of a list of names, one. */
export interface SearchQuery {
  /** Texts that have to occur somewhere, each of them; upper and lower case of ASCII letters are the same. */
  readonly text: readonly string[];
  /** Any of them. */
  readonly ids: readonly string[];
  /** Any of them: names of jobs, ids of functions. A `*` at the end stands for anything. */
  readonly names: readonly string[];
  /** Any of them. */
  readonly queues: readonly string[];
  /** Any of them. */
  readonly states: readonly string[];
  /** Each of them. */
  readonly tags: readonly string[];
  /** Texts that have to occur in the message of the error, each of them. */
  readonly errors: readonly string[];
  /** Each of them. */
  readonly data: readonly DataTerm[];
  /** Made at this time or later, epoch ms. */
  readonly after?: number | undefined;
  /** Made before this time, epoch ms. */
  readonly before?: number | undefined;
  /** Whether free text is not looked for in payloads, because parts of them are shown to nobody. */
  readonly isPayloadHidden?: boolean | undefined;
}

/** A search that everything fits. */
export const EVERYTHING: SearchQuery = {
  text: [],
  ids: [],
  names: [],
  queues: [],
  states: [],
  tags: [],
  errors: [],
  data: [],
};

/** More would only cost time. */
const MAX_LENGTH = 1_000;

/** Words that name a list of values, and where they go. */
const LISTS = {
  id: "ids",
  name: "names",
  queue: "queues",
  tag: "tags",
  error: "errors",
} as const satisfies Record<string, keyof SearchQuery>;

/** A word that says what its value is; the parts of a path may be quoted. */
const KEY = /(id|name|queue|state|tag|error|after|before|data(?:\.(?:"[^"]+"|[^\s.:"]+))+):/y;
const QUOTED = /"((?:[^"\\]|\\.)*)"/suy;
const PLAIN = /\S+/uy;
const BLANK = /\s*/uy;

/**
 * Understands what somebody typed into a search box: free text, `id:`, `name:`, `queue:`, `state:`, `tag:`, `error:`,
 * `data.path.to.field:value`, `after:` and `before:`. A word before a colon that is none of these is free text.
 *
 * @param now epoch ms, which `after:2h` counts back from
 * @throws {LonghaulError} SERVER_BAD_SEARCH
 *
 * @example
 * parseSearch('queue:mail state:failed data.user.id:42 "no such host"', Date.now());
 */
export function parseSearch(q: string, now: number): SearchQuery {
  if (q.length > MAX_LENGTH) throw bad(`it is longer than ${MAX_LENGTH} characters`);
  const query: Draft = structuredClone(EVERYTHING) as Draft;
  for (let at = skip(q, 0); at < q.length; at = skip(q, at)) {
    const key = match(KEY, q, at);
    at += key?.[0].length ?? 0;
    const quoted = match(QUOTED, q, at);
    if (!quoted && q[at] === '"') throw bad(`the quotation mark at ${at + 1} is not closed`);
    const plain = quoted ? undefined : match(PLAIN, q, at);
    const value = quoted ? quoted[1]!.replaceAll(/\\(.)/gsu, "$1") : plain?.[0];
    if (!value) throw bad(key ? `nothing follows ${key[0]}` : `there is nothing at ${at + 1}`);
    if (key) take(query, key[1]!, value, now);
    else query.text.push(value);
    at += (quoted ?? plain)![0].length;
  }
  return query;
}

type Draft = {
  -readonly [Field in keyof SearchQuery]: SearchQuery[Field] extends readonly (infer Item)[]
    ? Item[]
    : SearchQuery[Field];
};

function match(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

const skip = (text: string, at: number): number => at + match(BLANK, text, at)![0].length;

function take(query: Draft, key: string, value: string, now: number): void {
  if (key in LISTS) query[LISTS[key as keyof typeof LISTS]].push(value);
  else if (key === "state") query.states.push(...value.split(",").filter(Boolean));
  else if (key === "after" || key === "before") query[key] = parseTime(value, now);
  else query.data.push({ path: parsePath(key.slice("data.".length)), value });
}

const FIELD = /\.(?:"([^"]+)"|([^."]+))/gsu;
const PATH = /^(?:\.(?:"[^"]+"|[^."]+))+$/su;

/**
 * The fields of a path such as `user.addresses.0."zip.code"`.
 *
 * @throws {LonghaulError} SERVER_BAD_SEARCH
 */
export function parsePath(path: string): string[] {
  if (!PATH.test(`.${path}`)) throw bad(`"${path}" is no path such as user.address.city`);
  return [...`.${path}`.matchAll(FIELD)].map(([, quoted, plain]) => quoted ?? plain!);
}

const UNITS: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/**
 * A time: ISO 8601, or so long ago (`30s`, `15m`, `2h`, `7d`, `2w`).
 *
 * @throws {LonghaulError} SERVER_BAD_SEARCH
 */
export function parseTime(value: string, now: number): number {
  const [, amount, unit] = /^(\d{1,9})([smhdw])$/.exec(value) ?? [];
  if (amount !== undefined) return now - Number(amount) * UNITS[unit!]!;
  const time = /^\d{4}-\d\d(-\d\d(T.+)?)?$/.test(value) ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(time))
    throw bad(`"${value}" is no time; write 2026-01-31T12:00:00Z, or 2h for two hours ago`);
  return time;
}

const bad = (reason: string): LonghaulError => new LonghaulError("SERVER_BAD_SEARCH", { reason });
