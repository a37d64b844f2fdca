import { createLive, type LiveClient, type LiveOptions } from "../client/live/live-client.ts";
import type { Connection } from "../client/live/live-store.ts";
import { TokenSource } from "../client/live/token-source.ts";
import { NOTHING, type TopicState } from "../client/live/topic-state.ts";
import { callApi } from "./call-api.ts";

const IDLE: Connection = { status: "idle" };

/**
 * A server, as hooks see it. It is connected to when the first hook follows something, so that rendering on a server
 * connects nowhere; closed, it is connected to again by the next one.
 */
export class Host {
  readonly #options: Omit<LiveOptions, "token">;
  readonly #token: TokenSource;
  readonly #given: LiveOptions["token"];
  #live: LiveClient | undefined;

  constructor({ token, ...options }: LiveOptions = {}) {
    this.#options = options;
    this.#given = token;
    this.#token = new TokenSource(token);
  }

  follow(topic: string, listener: () => void, token?: string): () => void {
    return this.#open().subscribe(topic, listener, token);
  }

  get(topic: string): TopicState {
    return this.#live?.get(topic) ?? NOTHING;
  }

  get connection(): Connection {
    return this.#live?.connection ?? IDLE;
  }

  onConnection(listener: () => void): () => void {
    return this.#open().onConnection(listener);
  }

  reconnect(): void {
    this.#live?.reconnect();
  }

  call<Answer>(method: "POST" | "GET", path: string, body?: unknown): Promise<Answer> {
    return callApi({ baseUrl: this.#options.baseUrl, token: this.#token }, method, path, body);
  }

  close(): void {
    this.#live?.close();
    this.#live = undefined;
  }

  #open(): LiveClient {
    this.#live ??= createLive({ ...this.#options, token: this.#given });
    return this.#live;
  }
}
