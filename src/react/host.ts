import {
  apiUrlOf,
  type LiveClient,
  type LiveOptions,
  openLive,
} from "../client/live/live-client.ts";
import type { Connection } from "../client/live/live-store.ts";
import { TokenSource } from "../client/live/token-source.ts";
import { NOTHING, type TopicState } from "../client/live/topic-state.ts";
import { type CallOptions, send } from "../client/request.ts";

const IDLE: Connection = { status: "idle" };
/** How often a call is repeated that did not arrive: a server that restarts is back in seconds. */
const RETRIES = 4;

/**
 * A server, as hooks see it. It is connected to when the first hook follows something, so that rendering on a server
 * connects nowhere; closed, it is connected to again by the next one.
 */
export class Host {
  readonly #options: Omit<LiveOptions, "token">;
  readonly #token: TokenSource;
  #live: LiveClient | undefined;

  constructor({ token, ...options }: LiveOptions = {}) {
    this.#options = options;
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

  /**
   * Calls a route with POST, until it is answered or it is no use.
   *
   * @param token for what it is about, in the place of the provider's
   * @throws {ApiError} the server's refusal
   */
  async post<Answer>(
    path: string,
    body?: unknown,
    token?: string,
    options: CallOptions = {},
  ): Promise<Answer> {
    const sender = {
      apiUrl: apiUrlOf(this.#options.baseUrl ?? ""),
      token: token === undefined ? this.#token : new TokenSource(token),
      fetch: (...args: Parameters<typeof fetch>) => globalThis.fetch(...args),
      retries: RETRIES,
    };
    const response = await send(sender, { method: "POST", path, body }, options);
    return (await response.json()) as Answer;
  }

  close(): void {
    this.#live?.close();
    this.#live = undefined;
  }

  #open(): LiveClient {
    this.#live ??= openLive(this.#options, this.#token);
    return this.#live;
  }
}
