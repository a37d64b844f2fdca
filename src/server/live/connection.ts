import type { EndMessage } from "./messages.ts";
import { type Cursor, Patch } from "./patch.ts";
import type { Subscription } from "./subscription.ts";

/** What a connection needs of those it belongs to. */
export interface ConnectionHost {
  /** Calls `flush` at the end of the turn. */
  schedule(connection: Connection): void;
  /** The client of a paused subscription reads on. */
  resume(subscription: Subscription): void;
  /** It is over. */
  closed(connection: Connection): void;
}

interface Item {
  readonly subscription: Subscription;
  readonly patch: Patch;
  readonly cursor: Cursor | undefined;
}

/** What the runtime and the socket may hold before a client counts as slow. */
const SOCKET_BYTES = 64 * 1024;
/** What is held for a slow client beyond that. Then its topics pause, and go on from the store when it reads on. */
export const MAX_BUFFER_BYTES = 512 * 1024;

/** One client: a stream of bytes, and what could not be written to it yet. */
export class Connection {
  readonly stream: ReadableStream<Uint8Array>;
  subscriptions: readonly Subscription[] = [];
  /** Whether the client reads slower than it is written to. */
  isSlow = false;
  readonly #host: ConnectionHost;
  #controller!: ReadableStreamDefaultController<Uint8Array>;
  #outgoing: Item[] = [];
  #bytes = 0;
  #isPaused = false;
  #isClosed = false;

  /** @param hello what is sent before everything else */
  constructor(host: ConnectionHost, hello: string) {
    this.#host = host;
    this.stream = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller;
          controller.enqueue(Buffer.from(hello));
        },
        pull: () => this.#readOn(),
        cancel: () => this.close(),
      },
      { highWaterMark: SOCKET_BYTES, size: (chunk) => chunk.byteLength },
    );
  }

  /** Sends a message when there is room. Its cursor is where the subscription stands once it is sent. */
  enqueue(subscription: Subscription, patch: Patch, cursor: Cursor | undefined): void {
    if (this.#isClosed || this.#isPaused) return;
    this.#outgoing.push({ subscription, patch, cursor });
    this.#bytes += patch.size;
    if (this.isSlow && this.#bytes > MAX_BUFFER_BYTES) this.#pause();
    else if (!this.isSlow) this.#host.schedule(this);
  }

  /** Writes what there is room for. */
  flush(): void {
    if (this.#isClosed) return;
    let sent = 0;
    while (sent < this.#outgoing.length) {
      if (this.#controller.desiredSize! <= 0) {
        this.isSlow = true;
        break;
      }
      sent += this.#write(sent);
    }
    this.#outgoing = sent === this.#outgoing.length ? [] : this.#outgoing.slice(sent);
    if (this.isSlow && this.#bytes > MAX_BUFFER_BYTES) this.#pause();
  }

  /** Shows proxies that it lives, and the client where it stands. */
  heartbeat(): void {
    if (this.#isClosed || this.isSlow || this.#outgoing.length > 0) return;
    for (const subscription of this.subscriptions) subscription.refreshPosition();
    const id = this.#position();
    this.#controller.enqueue(Buffer.from(id === "" ? ":\n\n" : `:\nid: ${id}\n\n`));
  }

  /** Says why, and ends it. */
  end(reason: EndMessage["reason"]): void {
    if (this.#isClosed) return;
    this.flush();
    this.#controller.enqueue(Patch.exact("end", { reason }).bytes(this.#position()));
    this.#controller.close();
    this.#free();
  }

  /** The client has gone. */
  close(): void {
    if (this.#isClosed) return;
    try {
      this.#controller.close();
    } catch {
      // Canceled: it is closed already.
    }
    this.#free();
  }

  #free(): void {
    this.#isClosed = true;
    this.#outgoing = [];
    this.#host.closed(this);
  }

  /** Writes messages as one chunk, the first at `from`. @returns how many */
  #write(from: number): number {
    const chunks: Uint8Array[] = [];
    let size = 0;
    let index = from;
    while (index < this.#outgoing.length && size < SOCKET_BYTES) {
      const { subscription, patch, cursor } = this.#outgoing[index++]!;
      subscription.sent(cursor);
      const bytes = patch.bytes(this.#position());
      this.#bytes -= patch.size;
      size += bytes.length;
      chunks.push(bytes);
    }
    // What is alone goes out as it is: the same bytes to everybody.
    this.#controller.enqueue(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, size));
    return index - from;
  }

  #position(): string {
    if (this.subscriptions.length === 1) return this.subscriptions[0]!.position;
    return this.subscriptions
      .map(({ position }) => position)
      .filter((position) => position !== "")
      .join(";");
  }

  /** Too much waits: it is forgotten. */
  #pause(): void {
    this.#outgoing = [];
    this.#bytes = 0;
    this.#isPaused = true;
    for (const subscription of this.subscriptions) subscription.pause();
  }

  /** The client has read what it was given. */
  #readOn(): void {
    if (!this.isSlow || this.#isClosed) return;
    this.isSlow = false;
    if (this.#isPaused) {
      this.#isPaused = false;
      for (const subscription of this.subscriptions) this.#host.resume(subscription);
    }
    this.flush();
    if (this.isSlow) return;
    for (const subscription of this.subscriptions) subscription.drained();
  }
}
