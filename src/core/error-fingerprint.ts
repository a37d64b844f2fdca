import { createHash } from "node:crypto";

/** What of a failure tells it from others. */
export interface Failure {
  readonly message: string;
  /** As V8 writes it. */
  readonly stack?: string | null | undefined;
}

/** What stands for whatever differs between two failures of one kind. */
const GAP = "*";

const QUOTED = /"[^"\n]*"|`[^`\n]*`|(?<![A-Za-z])'[^'\n]*'(?![A-Za-z])/g;
/** Anything with a digit in it: numbers, UUIDs, ULIDs, hashes, times, addresses. */
const WITH_DIGIT = /[\w.:@%+-]*\d[\w.:@%+-]*/g;
const GAPS = /\*(?:[\s,;]*\*)+/g;
const MAX_LENGTH = 200;

/** A message without what differs each time: numbers, ids, quoted parts. Its first line only. */
export function messageTemplate(message: string): string {
  const [line = ""] = message.trim().split("\n", 1);
  return line
    .replace(QUOTED, GAP)
    .replace(WITH_DIGIT, GAP)
    .replace(GAPS, GAP)
    .slice(0, MAX_LENGTH)
    .trim();
}

const FRAME = /^\s*at (?:async )?(.*)$/;
const POSITION = /(?::\d+){1,2}\)?$/;

/**
 * The innermost frame of a stack that is the user's own: the function and the file with its folder, without the line,
 * which every change of the file moves; "" if there is none.
 */
export function topFrame(stack: string | null | undefined): string {
  for (const line of (stack ?? "").split("\n")) {
    const [, frame] = FRAME.exec(line) ?? [];
    if (frame === undefined || /node:|node_modules|<anonymous>|\(native\)/.test(frame)) continue;
    const [, name, place] = /^(.*?) ?\(?([^()]*)\)?$/.exec(frame) ?? [];
    const file = (place ?? "").replace(POSITION, "").split(/[/\\]/).slice(-2).join("/");
    return name ? `${name} (${file})` : file;
  }
  return "";
}

/** The same for failures of the same kind: 16 hexadecimal digits. */
export function fingerprintOf({ message, stack }: Failure): string {
  const kind = `${messageTemplate(message)}\n${topFrame(stack)}`;
  return createHash("sha256").update(kind).digest("hex").slice(0, 16);
}
