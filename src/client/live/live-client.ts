import { LiveConnection } from "./connection.ts";
import { type Connection, LiveStore } from "./live-store.ts";
import { watchVisibility } from "./page-visibility.ts";
import { canShare, SharedSource } from "./shared-source.ts";
import type { LiveSink, LiveSource } from "./source.ts";
import { type Token, TokenSource } from "./token-source.ts";
import type { TopicState } from "./topic-state.ts";

/** How to follow a server. */
export interface LiveOptions {
  /** Where the server is mounted; its API is below, at `/api/v1`. @default "": the page's own origin */
  readonly baseUrl?: string | undefined;
  /** @default none: the cookies of the page's own origin say who asks */
  readonly token?: Token | undefined;
  /**
   * Whether the tabs of a browser share a connection; tabs with the same text do. Off where the browser has no Web
   * Locks, as on a page without https.
   *
   * @default the address and the token: tabs of the same person. A function is taken to give the same person's tokens.
   */
  readonly share?: boolean | string | undefined;
  /** How long a page may be hidden until the connection is closed, in ms. @default 30_000 */
  readonly hiddenForMs?: number | undefined;
  /** @default the global one */
  readonly fetch?: typeof globalThis.fetch | undefined;
}

/** A connection for live updates. */
export interface LiveClient {
  /**
   * Follows a topic, such as `run:run_01…` or `job:emails:12`, until the returned function is called.
   *
   * @param listener called after each change; `get` then says what is known
   */
  subscribe(topic: string, listener: () => void, token?: string): () => void;
  /** What is known of a topic; the same object until it changes. */
  get(topic: string): TopicState;
  readonly connection: Connection;
  onConnection(listener: () => void): () => void;
  /** Tries at once, also after the server has refused. */
  reconnect(): void;
  /** For good. Idempotent. */
  close(): void;
}

/**
 * Follows topics over one connection: what they are now, and then each change, in order and without gaps. It is made
 * when the first topic is followed, and made again for as long as it takes when it breaks.
 *
 * @example
 * const live = createLive({ baseUrl: "https://app.example.com", token: "lh_…" });
 * const stop = live.subscribe("job:emails:12", () => console.log(live.get("job:emails:12").job?.state));
 */
export const createLive = (options: LiveOptions = {}): LiveClient =>
  openLive(options, new TokenSource(options.token));

/** The same with a token that calls of the API share. */
export function openLive(options: Omit<LiveOptions, "token">, token: TokenSource): LiveClient {
  const { baseUrl = "", share = true, hiddenForMs } = options;
  const apiUrl = apiUrlOf(baseUrl);
  const fetch = options.fetch ?? ((input, init) => globalThis.fetch(input, init));
  const connect = (sink: LiveSink): LiveConnection =>
    new LiveConnection({ apiUrl, token, sink, fetch });
  let stopWatching = (): void => {};
  const store = new LiveStore((store): LiveSource => {
    if (share === false || !canShare()) {
      const connection = connect(store);
      stopWatching = watchVisibility((isWatched) => connection.pause(!isWatched), hiddenForMs);
      return connection;
    }
    const name = `longhaul:${apiUrl}:${typeof share === "string" ? share : digest(token.text)}`;
    const source = new SharedSource({ name, store, connect });
    stopWatching = watchVisibility((isWatched) => source.setWatched(isWatched), hiddenForMs);
    return source;
  });
  return {
    subscribe: (topic, listener, token) => store.subscribe(topic, listener, token),
    get: (topic) => store.get(topic),
    get connection() {
      return store.connection;
    },
    onConnection: (listener) => store.onConnection(listener),
    reconnect: () => store.reconnect(),
    close: () => {
      stopWatching();
      store.close();
    },
  };
}

/** The version of the API is in its path. */
export const apiUrlOf = (baseUrl: string): string => `${baseUrl.replace(/\/+$/, "")}/api/v1`;

/** Tells tokens apart without naming them (FNV-1a). */
function digest(token = ""): string {
  let hash = 0x811c9dc5;
  for (const char of token) hash = Math.imul(hash ^ char.charCodeAt(0), 0x01000193);
  return (hash >>> 0).toString(36);
}
