import type { Connection } from "./connection.ts";
import { type Cursor, isNews, Patch } from "./patch.ts";
import { encodeCursor, shortName } from "./position.ts";
import type { Throttle, Throttled } from "./throttle.ts";

/** One topic of one connection. */
export class Subscription implements Throttled {
  readonly topic: string;
  readonly #connection: Connection;
  readonly #throttle: Throttle;
  readonly #name: string;
  /** Where it stands with what was sent. */
  #sent: Cursor | undefined;
  #position = "";
  /** What waits for the throttle, or for the client to read on. */
  readonly #latest = new Map<string, { patch: Patch; cursor: Cursor }>();

  /** Up to where it was given patches; undefined while it waits for a snapshot. */
  cursor: Cursor | undefined;
  /** Whether it takes nothing: its client reads too slowly. */
  isPaused = false;
  /** Raises a cursor to where its source is, over what does not concern it. Set by the source. */
  refresh: (cursor: Cursor) => Cursor = (cursor) => cursor;

  constructor(topic: string, connection: Connection, throttle: Throttle, cursor?: Cursor) {
    this.topic = topic;
    this.#connection = connection;
    this.#throttle = throttle;
    this.#name = shortName(topic);
    this.cursor = cursor;
    this.#stand(cursor);
  }

  /** The topic's part of the connection's id; empty if it begins with a snapshot anyway. */
  get position(): string {
    return this.#position;
  }

  /** Begins anew with a snapshot. */
  snapshot(patch: Patch, cursor: Cursor): void {
    if (this.isPaused) return;
    this.#latest.clear();
    this.cursor = cursor;
    this.#connection.enqueue(this, patch, cursor);
  }

  /** What it was given before does not count any more: the source gives it a snapshot next. */
  restart(reason?: "trimmed" | "slow"): void {
    this.#latest.clear();
    this.cursor = undefined;
    if (reason === undefined) return;
    this.#connection.enqueue(this, Patch.exact("reset", { topic: this.topic, reason }), undefined);
  }

  /** Gives it a patch, unless it has it already. */
  offer(patch: Patch): void {
    if (this.cursor === undefined || this.isPaused) return;
    const { place, key } = patch;
    if (place !== undefined) {
      if (!isNews(this.cursor, place)) return;
      this.cursor = patch.move(this.cursor);
    }
    const { cursor } = this;
    if (key !== undefined && (this.#connection.isSlow || !this.#throttle.pass(this))) {
      this.#keep(key, patch, cursor);
      return;
    }
    if (key === undefined) this.#sendLatest();
    this.#connection.enqueue(this, patch, cursor);
  }

  release(): boolean {
    return !this.#connection.isSlow && this.#sendLatest();
  }

  /** Forgets what was not sent, and takes nothing until {@link resume}. */
  pause(): void {
    this.#latest.clear();
    this.cursor = this.#sent;
    this.isPaused = true;
  }

  /** Goes on after what was sent: with patches from the store, or anew where there are none to be had. */
  resume(): void {
    this.isPaused = false;
    if (this.cursor?.length === 0) this.restart("slow");
  }

  /** The client reads on. */
  drained(): void {
    this.#sendLatest();
  }

  /** What was enqueued has been sent. */
  sent(cursor: Cursor | undefined): void {
    this.#stand(cursor);
  }

  /** Nothing of it is under way, so it stands where its source is. */
  refreshPosition(): void {
    if (this.cursor === undefined || this.#latest.size > 0) return;
    this.cursor = this.refresh(this.cursor);
    this.#stand(this.cursor);
  }

  close(): void {
    this.#throttle.remove(this);
    this.#latest.clear();
    this.cursor = undefined;
  }

  #keep(key: string, patch: Patch, cursor: Cursor): void {
    const known = this.#latest.get(key);
    if (known !== undefined && this.#latest.size === 1) {
      [known.patch, known.cursor] = [patch, cursor];
      return;
    }
    // Deleting first keeps the order in which they were last changed, and so that of their cursors.
    this.#latest.delete(key);
    this.#latest.set(key, { patch, cursor });
  }

  #sendLatest(): boolean {
    if (this.#latest.size === 0) return false;
    for (const { patch, cursor } of this.#latest.values())
      this.#connection.enqueue(this, patch, cursor);
    this.#latest.clear();
    return true;
  }

  #stand(cursor: Cursor | undefined): void {
    if (cursor === this.#sent) return;
    this.#sent = cursor;
    this.#position =
      cursor === undefined || cursor.length === 0 ? "" : encodeCursor(this.#name, cursor);
  }
}
