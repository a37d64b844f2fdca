import { realSetImmediate } from "../../core/real-timers.ts";
import { isLonghaulError, LonghaulError } from "../../core/errors.ts";
import type { Principal } from "../principal.ts";
import { Connection } from "./connection.ts";
import type { RefusedMessage } from "./messages.ts";
import { Patch } from "./patch.ts";
import { decodePosition, shortName } from "./position.ts";
import { Sources } from "./sources/sources.ts";
import type { SourceHost } from "./sources/source.ts";
import { Subscription } from "./subscription.ts";
import { Throttle } from "./throttle.ts";
import { parseTopic, type TopicName } from "./topic-name.ts";

/** How many may connect. */
export interface LiveOptions {
  /** Live connections of the whole server. @default 5_000 */
  readonly maxConnections?: number | undefined;
  /** Live connections of one token or user. @default 500 */
  readonly maxConnectionsPerPrincipal?: number | undefined;
}

/** What a client asks for. */
export interface LiveRequest {
  readonly topics: readonly string[];
  /** Progress and counters of a topic are sent at most once in this time; 0: each of them. */
  readonly throttleMs: number;
  /** The last `id` that the client got, to go on from there. */
  readonly lastEventId?: string | undefined;
  readonly principal: Principal;
  /** Topics that are not followed, and why. @default none */
  readonly refused?: readonly RefusedMessage[] | undefined;
  readonly request: Request;
}

/** What the hub needs of the server. */
export interface LiveHost extends Omit<SourceHost, "failed"> {
  /** Aborts when the server begins to close. */
  readonly closing: AbortSignal;
  /** Which of some API tokens were revoked. */
  revokedTokens(ids: readonly string[]): Promise<ReadonlySet<string>>;
  /** Is told of what ends connections and is nobody's fault outside. */
  onError(error: unknown, request: Request): void;
}

const MAX_CONNECTIONS = 5_000;
const MAX_CONNECTIONS_PER_PRINCIPAL = 500;
/** Topics of one connection. */
export const MAX_TOPICS = 100;
/** Proxies end what is silent for longer, mostly after a minute. */
const HEARTBEAT_MS = 15_000;
/** How long clients wait before they connect again: each another time, so that not all come at once. */
const RETRY_MS = 1_000;

interface Member {
  readonly principal: string;
  /** Of an API token. */
  readonly tokenId: string | undefined;
  readonly topics: ReadonlyMap<Subscription, TopicName>;
  readonly request: Request;
  readonly stop: () => void;
}

/** All live connections of a server. Without one, it does nothing. */
export class LiveHub {
  readonly #host: LiveHost;
  readonly #sources: Sources;
  readonly #maxConnections: number;
  readonly #maxPerPrincipal: number;
  readonly #connections = new Map<Connection, Member>();
  readonly #perPrincipal = new Map<string, number>();
  readonly #throttles = new Map<number, Throttle>();
  #scheduled: Connection[] = [];
  #stopHeartbeat: (() => void) | undefined;

  constructor(host: LiveHost, options: LiveOptions = {}) {
    this.#host = host;
    this.#maxConnections = options.maxConnections ?? MAX_CONNECTIONS;
    this.#maxPerPrincipal = options.maxConnectionsPerPrincipal ?? MAX_CONNECTIONS_PER_PRINCIPAL;
    this.#sources = new Sources({
      parts: host.parts,
      redact: (payload) => host.redact(payload),
      failed: (subscriptions, error) => this.#failed(subscriptions, error),
    });
    host.closing.addEventListener("abort", () => this.#end());
  }

  /** How many are connected. */
  get size(): number {
    return this.#connections.size;
  }

  /**
   * Opens a stream. Whether the client may have the topics was found out before.
   *
   * @throws {LonghaulError} SERVER_CLOSING, LIVE_BAD_TOPIC, LIVE_TOO_MANY_TOPICS, LIVE_TOO_MANY_CLIENTS,
   *   LIVE_TOO_MANY_CONNECTIONS
   */
  open({
    topics,
    throttleMs,
    lastEventId,
    principal,
    refused = [],
    request,
  }: LiveRequest): ReadableStream<Uint8Array> {
    if (this.#host.closing.aborted) throw new LonghaulError("SERVER_CLOSING");
    const names = new Map(topics.map((topic) => [topic, parseTopic(topic)]));
    if (names.size > MAX_TOPICS)
      throw new LonghaulError("LIVE_TOO_MANY_TOPICS", { limit: MAX_TOPICS, count: names.size });
    const who = `${principal.kind} ${principal.id ?? principal.name}`;
    this.#checkRoom(who, principal.name);
    const retryMs = RETRY_MS + Math.floor(Math.random() * RETRY_MS * 2);
    const refusals = refused.map((refusal) => `${Patch.exact("refused", refusal).text}\n`);
    const hello = `retry: ${retryMs}\n\n${refusals.join("")}`;
    const connection = new Connection(this.#connectionHost, hello);
    const known = lastEventId ? decodePosition(lastEventId) : undefined;
    const throttle = this.#throttle(throttleMs);
    const subscriptions = new Map(
      [...names].map(([topic, name]) => {
        const cursor = known?.get(shortName(topic));
        return [new Subscription(topic, connection, throttle, cursor), name] as const;
      }),
    );
    connection.subscriptions = [...subscriptions.keys()];
    let stop = (): void => {};
    const tokenId = principal.kind === "token" ? principal.id : undefined;
    const member = { principal: who, tokenId, topics: subscriptions, request, stop: () => stop() };
    this.#connections.set(connection, member);
    this.#perPrincipal.set(who, (this.#perPrincipal.get(who) ?? 0) + 1);
    this.#stopHeartbeat ??= this.#beat();
    for (const [subscription, name] of subscriptions) this.#sources.join(subscription, name);
    stop = this.#watchEnd(connection, principal, request.signal);
    return connection.stream;
  }

  readonly #connectionHost = {
    schedule: (connection: Connection): void => {
      if (this.#scheduled.length === 0) realSetImmediate(() => this.#flush());
      this.#scheduled.push(connection);
    },
    resume: (subscription: Subscription): void => {
      subscription.resume();
      this.#sources.join(subscription, parseTopic(subscription.topic));
    },
    closed: (connection: Connection): void => this.#closed(connection),
  };

  #checkRoom(who: string, principal: string): void {
    if (this.#connections.size >= this.#maxConnections)
      throw new LonghaulError("LIVE_TOO_MANY_CLIENTS", { limit: this.#maxConnections });
    if ((this.#perPrincipal.get(who) ?? 0) >= this.#maxPerPrincipal)
      throw new LonghaulError("LIVE_TOO_MANY_CONNECTIONS", {
        principal,
        limit: this.#maxPerPrincipal,
      });
  }

  #throttle(throttleMs: number): Throttle {
    let throttle = this.#throttles.get(throttleMs);
    if (throttle === undefined) {
      throttle = new Throttle(this.#host.parts.clock, throttleMs);
      this.#throttles.set(throttleMs, throttle);
    }
    return throttle;
  }

  /** Ends the connection with its client, or with what it came with. */
  #watchEnd(connection: Connection, { expiresAt }: Principal, signal: AbortSignal): () => void {
    const abort = (): void => connection.close();
    signal.addEventListener("abort", abort);
    if (signal.aborted) abort();
    const { clock } = this.#host.parts;
    let cancel = (): void => {};
    const look = (): void => {
      if (!this.#connections.has(connection)) return;
      const leftMs = expiresAt! - clock.now();
      if (leftMs <= 0) connection.end("expired");
      else cancel = clock.after(leftMs, look);
    };
    if (expiresAt !== undefined) look();
    return () => {
      signal.removeEventListener("abort", abort);
      cancel();
    };
  }

  #beat(): () => void {
    const { clock } = this.#host.parts;
    const beat = (): void => {
      for (const connection of this.#connections.keys()) connection.heartbeat();
      // A store that cannot be read ends the connections by what they follow.
      this.#endRevoked().catch(() => {});
      cancel = clock.after(HEARTBEAT_MS, beat);
    };
    let cancel = clock.after(HEARTBEAT_MS, beat);
    return () => cancel();
  }

  /** Ends what was opened with tokens that were revoked since, in whatever process. */
  async #endRevoked(): Promise<void> {
    const ids = new Set([...this.#connections.values()].flatMap(({ tokenId }) => tokenId ?? []));
    if (ids.size === 0) return;
    const revoked = await this.#host.revokedTokens([...ids]);
    for (const [connection, { tokenId }] of this.#connections)
      if (tokenId !== undefined && revoked.has(tokenId)) connection.end("expired");
  }

  #flush(): void {
    const scheduled = this.#scheduled;
    this.#scheduled = [];
    for (const connection of scheduled) connection.flush();
  }

  #closed(connection: Connection): void {
    const member = this.#connections.get(connection);
    if (member === undefined) return;
    this.#connections.delete(connection);
    const { principal, topics, stop } = member;
    stop();
    const left = (this.#perPrincipal.get(principal) ?? 1) - 1;
    if (left === 0) this.#perPrincipal.delete(principal);
    else this.#perPrincipal.set(principal, left);
    for (const [subscription, name] of topics) {
      subscription.close();
      this.#sources.leave(subscription, name);
    }
    if (this.#connections.size > 0) return;
    this.#stopHeartbeat?.();
    this.#stopHeartbeat = undefined;
    this.#throttles.clear();
  }

  /** They come back, and find out whether it works again. */
  #failed(subscriptions: Iterable<Subscription>, error: unknown): void {
    const concerned = new Set(subscriptions);
    const isClosing = isLonghaulError(error, "STORE_CLOSED");
    const members = [...this.#connections].filter(([connection]) =>
      connection.subscriptions.some((subscription) => concerned.has(subscription)),
    );
    for (const [index, [connection, { request }]] of members.entries()) {
      if (index === 0 && !isClosing) this.#host.onError(error, request);
      connection.end(isClosing ? "closing" : "failed");
    }
  }

  #end(): void {
    for (const connection of [...this.#connections.keys()]) connection.end("closing");
  }
}
