import { createHash } from "node:crypto";
import type { Cursor } from "./patch.ts";

/**
 * Where a connection stands, as the `id:` of its messages: for each topic that can be resumed a short name and the
 * cursor, so that any process can go on from there. Opaque to clients.
 *
 *   <topic>=<part>.<part>;<topic>=<part>…       numbers in base 36, texts with a ~ before them
 */

const NAME_LENGTH = 8;

/** The short name of a topic: 48 bits, so that no two of a connection share one. */
export const shortName = (topic: string): string =>
  createHash("sha1").update(topic).digest("base64url").slice(0, NAME_LENGTH);

/** What was encoded last: many stand at the same place of the same topic, one after the other. */
let last = { name: "", cursor: [] as Cursor, text: "" };

/** One topic's part of an id. */
export function encodeCursor(name: string, cursor: Cursor): string {
  if (last.cursor === cursor && last.name === name) return last.text;
  const parts = cursor.map((part) => (typeof part === "number" ? part.toString(36) : `~${part}`));
  last = { name, cursor, text: `${name}=${parts.join(".")}` };
  return last.text;
}

/** The cursors of an id by the short names of their topics. What cannot be read is left out: it is as if trimmed. */
export function decodePosition(id: string): Map<string, Cursor> {
  const cursors = new Map<string, Cursor>();
  for (const item of id.split(";")) {
    const name = item.slice(0, NAME_LENGTH);
    if (item[NAME_LENGTH] !== "=") continue;
    cursors.set(
      name,
      item
        .slice(NAME_LENGTH + 1)
        .split(".")
        .map(decodePart),
    );
  }
  return cursors;
}

const decodePart = (text: string): number | string =>
  text.startsWith("~") ? text.slice(1) : Number.parseInt(text, 36);
