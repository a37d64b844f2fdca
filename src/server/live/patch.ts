import type { LiveEvent, LiveMessages } from "./messages.ts";

/**
 * Where a subscriber of a topic stands, by the parts of the topic that go on independently of each other: numbers grow;
 * a text stands for a state that is either the same or another.
 */
export type Cursor = readonly (number | string)[];

/** Which part of a topic's cursor a patch moves, and to where; none for what is not resumed but looked up again. */
export interface Place {
  readonly part: number;
  readonly at: number | string;
}

/** One message of a topic. Its text is made once, however many get it. */
export class Patch {
  readonly place: Place | undefined;
  /** Patches of the same key replace each other while they wait to be sent. Without one, each is sent. */
  readonly key: string | undefined;
  readonly #event: LiveEvent;
  readonly #data: unknown;
  #text: string | undefined;
  #moved: Cursor | undefined;
  #bytes: { readonly id: string; readonly bytes: Uint8Array } | undefined;

  private constructor(event: LiveEvent, data: unknown, place?: Place, key?: string) {
    this.#event = event;
    this.#data = data;
    this.place = place;
    this.key = key;
  }

  /** A patch that everybody gets, in order. */
  static exact<E extends LiveEvent>(event: E, data: LiveMessages[E], place?: Place): Patch {
    return new Patch(event, data, place);
  }

  /** A patch of which only the last of a key matters. */
  static latest<E extends LiveEvent>(
    event: E,
    data: LiveMessages[E],
    key: string,
    place?: Place,
  ): Patch {
    return new Patch(event, data, place, key);
  }

  /** The cursor of somebody at `cursor` after this patch. Those who come to the same place share it. */
  move(cursor: Cursor): Cursor {
    if (this.place === undefined) return cursor;
    const { part, at } = this.place;
    const isShared = this.#moved?.every(
      (known, index) => index === part || known === cursor[index],
    );
    return isShared ? this.#moved! : (this.#moved = cursor.with(part, at));
  }

  /** About how many bytes it is. */
  get size(): number {
    return this.text.length;
  }

  /** The message without its id. */
  get text(): string {
    return (this.#text ??= this.#encode());
  }

  /** The message with an id. Those who stand at the same place get the same bytes. */
  bytes(id: string): Uint8Array {
    if (this.#bytes?.id === id) return this.#bytes.bytes;
    const { text } = this;
    const bytes = Buffer.from(id === "" ? `${text}\n` : `${text}id: ${id}\n\n`);
    this.#bytes = { id, bytes };
    return bytes;
  }

  #encode(): string {
    // JSON has no line breaks of its own.
    return `event: ${this.#event}\ndata: ${JSON.stringify(this.#data)}\n`;
  }
}

/** Whether a subscriber that stands at `cursor` has yet to get what is at `place`. */
export function isNews(cursor: Cursor, place: Place): boolean {
  const known = cursor[place.part];
  return typeof place.at === "number" && typeof known === "number"
    ? place.at > known
    : place.at !== known;
}
