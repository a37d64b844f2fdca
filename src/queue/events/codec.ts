/**
 * How events are stored. All events that one commit causes in one queue go into one row, because a row an event
 * would cost more than the job itself. In the row, events are separated by U+001E and their fields by U+001F; each
 * begins with a one-letter kind whose fields are listed here, so the common ones store nothing but their values.
 */

/** Kind → the event's name, then its fields as BullMQ's event stream names them; `field=value` is a constant. */
const KINDS = {
  a: ["added", "jobId", "name"],
  w: ["waiting", "jobId"],
  W: ["waiting", "jobId", "prev"],
  d: ["delayed", "jobId", "delay"],
  h: ["waiting-children", "jobId"],
  H: ["waiting-children", "jobId", "prev"],
  x: ["active", "jobId", "prev=waiting"],
  c: ["completed", "jobId", "returnvalue", "prev=active"],
  f: ["failed", "jobId", "failedReason", "prev=active"],
  e: ["retries-exhausted", "jobId", "attemptsMade"],
  s: ["stalled", "jobId"],
  g: ["progress", "jobId", "data"],
  r: ["removed", "jobId", "prev"],
  D: ["duplicated", "jobId"],
  u: ["deduplicated", "jobId", "deduplicationId", "deduplicatedJobId"],
  n: ["drained"],
  l: ["cleaned", "count"],
  p: ["paused"],
  q: ["resumed"],
} as const satisfies Record<string, readonly string[]>;

/** A kind of event; `*` is a custom one, whose fields carry their own names. */
export type EventKind = keyof typeof KINDS | "*";

const SEPARATOR = "\x1e";
const FIELD = "\x1f";
const ESCAPE = "\x1b";
// oxlint-disable-next-line no-control-regex -- these control characters are the separators themselves
const UNSAFE = /[\x1b\x1e\x1f]/;
// oxlint-disable-next-line no-control-regex -- as above
const UNSAFE_ALL = /[\x1b\x1e\x1f]/g;
// oxlint-disable-next-line no-control-regex -- as above
const ESCAPED = /\x1b([012])/g;

const escape = (value: string): string =>
  UNSAFE.test(value)
    ? value.replace(UNSAFE_ALL, (c) => ESCAPE + (c === ESCAPE ? "0" : c === SEPARATOR ? "1" : "2"))
    : value;

const unescape = (value: string): string =>
  value.includes(ESCAPE)
    ? value.replace(ESCAPED, (_, n: string) => (n === "0" ? ESCAPE : n === "1" ? SEPARATOR : FIELD))
    : value;

/** One event as text, to be joined with others by {@link SEPARATOR}. */
export function encodeEvent(kind: EventKind, a?: string, b?: string, c?: string): string {
  if (a === undefined) return SEPARATOR + kind;
  if (b === undefined) return SEPARATOR + kind + FIELD + escape(a);
  const two = SEPARATOR + kind + FIELD + escape(a) + FIELD + escape(b);
  return c === undefined ? two : two + FIELD + escape(c);
}

/** A custom event: names and values of its fields in turn. */
export function encodeCustomEvent(fields: readonly string[]): string {
  return SEPARATOR + ["*", ...fields.map(escape)].join(FIELD);
}

/** The events of a stored row, each as the flat `[field, value, …]` list that BullMQ's `QueueEvents` reads. */
export const decodeEvents = (body: string): string[][] => splitEvents(body).map(decodeEvent);

/** The events of a stored row, each still encoded. */
export const splitEvents = (body: string): string[] => body.slice(1).split(SEPARATOR);

/** One of {@link splitEvents} as a flat `[field, value, …]` list. */
export function decodeEvent(event: string): string[] {
  const [kind, ...values] = event.split(FIELD).map(unescape);
  if (kind === "*") return values;
  const [name, ...fields] = KINDS[kind as keyof typeof KINDS];
  const flat = ["event", name];
  fields.forEach((field, index) => {
    const [key = field, constant] = field.split("=");
    flat.push(key, constant ?? values[index] ?? "");
  });
  return flat;
}

/** The job that one of {@link splitEvents} is about, without decoding all of it. */
export function jobOfEvent(event: string): string | undefined {
  const kind = event[0]!;
  if (kind === "*") {
    const fields = decodeEvent(event);
    const at = fields.findIndex((name, index) => index % 2 === 0 && name === "jobId");
    return at < 0 ? undefined : fields[at + 1];
  }
  if (!(KINDS[kind as keyof typeof KINDS] as readonly string[]).includes("jobId")) return undefined;
  const end = event.indexOf(FIELD, 2);
  return unescape(end < 0 ? event.slice(2) : event.slice(2, end));
}
