import { once } from "node:events";
import {
  type ClientRequest,
  get,
  type IncomingMessage,
  request as post,
  type Server,
} from "node:http";
import type { AddressInfo } from "node:net";
import { createAdaptorServer } from "@hono/node-server";
import { onTestFinished } from "vitest";
import type { LonghaulServer } from "../../src/server/create-server.ts";

/** One message as it was received. */
export interface Received {
  /** The last id that the stream named. */
  readonly id: string;
  readonly event: string;
  readonly data: Record<string, unknown>;
}

/** A server on a real port; closed when the running test ends. @returns the URL of its stream */
export async function listen(server: Pick<LonghaulServer, "fetch">, port = 0): Promise<string> {
  const http = createAdaptorServer({ fetch: (request) => server.fetch(request) }) as Server;
  http.listen(port, "127.0.0.1");
  await once(http, "listening");
  onTestFinished(() => {
    http.closeAllConnections();
    http.close();
  });
  return `http://127.0.0.1:${(http.address() as AddressInfo).port}/api/v1/stream`;
}

/** How to connect. */
export interface Connect {
  readonly topics: readonly string[];
  readonly throttleMs?: number;
  readonly lastEventId?: string | undefined;
  readonly as?: string | null;
  /** Sends the topics as a body. */
  readonly isPost?: boolean;
  /** Goes away after so many messages, whatever has arrived besides. */
  readonly limit?: number;
}

/** A client of the stream, on node's own HTTP. */
export class LiveClient {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly received: Received[] = [];
  /** Comments, such as heartbeats. */
  comments = 0;
  /** The last id that the stream named, also without a message. */
  lastId: string;
  retryMs: number | undefined;
  /** What an answer other than a stream says. */
  text = "";
  isEnded = false;
  readonly #request: ClientRequest;
  readonly #response: IncomingMessage;
  readonly #limit: number;
  #rest = "";
  #wake = (): void => {};

  static async connect(url: string, connect: Connect): Promise<LiveClient> {
    const { topics, throttleMs = 0, lastEventId, as = "the-admin", isPost = false } = connect;
    const { limit = Infinity } = connect;
    const headers = {
      ...(as !== null && { authorization: `Bearer ${as}` }),
      ...(lastEventId !== undefined && { "last-event-id": lastEventId }),
      ...(isPost && { "content-type": "application/json" }),
    };
    const query = `?topics=${topics.map(encodeURIComponent).join(",")}&throttleMs=${throttleMs}`;
    const request = isPost ? post(url, { method: "POST", headers }) : get(url + query, { headers });
    if (isPost) request.end(JSON.stringify({ topics, throttleMs }));
    const [response] = (await once(request, "response")) as [IncomingMessage];
    const client = new LiveClient(request, response, lastEventId ?? "", limit);
    onTestFinished(() => client.close());
    return client;
  }

  private constructor(
    request: ClientRequest,
    response: IncomingMessage,
    lastId: string,
    limit: number,
  ) {
    this.#limit = limit;
    this.#request = request;
    this.#response = response;
    this.status = response.statusCode!;
    this.headers = response.headers;
    this.lastId = lastId;
    request.on("error", () => this.#end());
    response.on("error", () => this.#end());
    response.on("end", () => this.#end());
    response.setEncoding("utf8").on("data", (text: string) => this.#read(text));
  }

  /** Resolves with the first message that fits, received or to come. */
  until(fits: (message: Received) => boolean): Promise<Received> {
    return this.whenTrue(() => this.received.find(fits));
  }

  /** Resolves with what `look` finds, once that is something. Rejects if the stream ends before. */
  async whenTrue<T>(look: () => T | undefined | false): Promise<T> {
    for (;;) {
      const found = look();
      if (found !== undefined && found !== false) return found;
      if (this.isEnded) throw new Error(`the stream ended after ${JSON.stringify(this.received)}`);
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  /** Resolves when the stream is over. */
  async ended(): Promise<void> {
    while (!this.isEnded) await new Promise<void>((resolve) => (this.#wake = resolve));
  }

  /** Stops reading without going away. */
  pause(): void {
    this.#response.pause();
  }

  resume(): void {
    this.#response.resume();
  }

  close(): void {
    this.#request.destroy();
  }

  /** Messages of a kind, or of a topic. */
  of(event: string, topic?: string): Record<string, unknown>[] {
    return this.received
      .filter((message) => message.event === event)
      .map(({ data }) => data)
      .filter((data) => topic === undefined || data["topic"] === topic);
  }

  #end(): void {
    this.isEnded = true;
    this.#wake();
  }

  #read(text: string): void {
    this.text += this.status === 200 ? "" : text;
    const blocks = (this.#rest + text).split("\n\n");
    this.#rest = blocks.pop()!;
    for (const block of blocks) {
      if (this.received.length < this.#limit) this.#readBlock(block);
    }
    if (this.received.length >= this.#limit) {
      this.close();
      this.#end();
    }
    this.#wake();
  }

  #readBlock(block: string): void {
    let event = "message";
    let data: string | undefined;
    for (const line of block.split("\n")) {
      const colon = line.indexOf(":");
      const value = line.slice(colon + 1).trimStart();
      if (colon === 0) this.comments++;
      else if (line.startsWith("id:")) this.lastId = value;
      else if (line.startsWith("event:")) event = value;
      else if (line.startsWith("retry:")) this.retryMs = Number(value);
      else if (line.startsWith("data:")) data = value;
    }
    if (data === undefined) return;
    const parsed = JSON.parse(data) as Record<string, unknown>;
    this.received.push({ id: this.lastId, event, data: parsed });
  }
}
