import type {
  ConnectionStatus,
  LiveMessage,
  LiveProblem,
  LiveSink,
  LiveSource,
  Wants,
} from "./source.ts";
import { applyMessage, NOTHING, type TopicState } from "./topic-state.ts";

/** How the connection is, and why it was closed if it was. */
export interface Connection {
  readonly status: ConnectionStatus;
  readonly problem?: LiveProblem | undefined;
}

/** What a tab knows, and the position that it knows it up to. */
export interface SharedStates {
  readonly states: ReadonlyMap<string, TopicState>;
  readonly position: string | undefined;
}

interface Topic {
  state: TopicState;
  readonly listeners: Set<() => void>;
  token: string | undefined;
}

/** What a page knows of the topics it follows, kept up to date by a {@link LiveSource}. */
export class LiveStore implements LiveSink {
  readonly #source: LiveSource;
  readonly #topics = new Map<string, Topic>();
  readonly #connectionListeners = new Set<() => void>();
  #connection: Connection = { status: "idle" };
  /** Where the source stands, and the topics that are known up to there. */
  #position: string | undefined;
  #upToDate: ReadonlySet<string> = new Set();

  /** @param connect makes the source, for this store */
  constructor(connect: (store: LiveStore) => LiveSource) {
    this.#source = connect(this);
  }

  /**
   * Follows a topic until the returned function is called.
   *
   * @param listener called after each change
   * @param token for this topic, if it needs another one than the connection's
   */
  subscribe(topic: string, listener: () => void, token?: string): () => void {
    const known = this.#ensure(topic);
    known.token ??= token;
    // Each subscription counts, also when the same function makes several.
    const entry = (): void => listener();
    known.listeners.add(entry);
    if (known.listeners.size === 1) this.#source.want(this.wants());
    return () => {
      if (known.listeners.delete(entry) && known.listeners.size === 0)
        this.#source.want(this.wants());
    };
  }

  /** What is known of a topic now; the same object until something changes. */
  get(topic: string): TopicState {
    return this.#topics.get(topic)?.state ?? NOTHING;
  }

  get connection(): Connection {
    return this.#connection;
  }

  onConnection(listener: () => void): () => void {
    this.#connectionListeners.add(listener);
    return () => void this.#connectionListeners.delete(listener);
  }

  /** Topics with listeners, and their tokens. */
  wants(): Wants {
    const followed = [...this.#topics].filter(([, { listeners }]) => listeners.size > 0);
    return new Map(followed.map(([name, { token }]) => [name, token]));
  }

  reconnect(): void {
    this.#source.reconnect();
  }

  close(): void {
    this.#source.close();
  }

  /** What is known of topics, and the position that is known up to: for another tab. */
  share(names: Iterable<string>): SharedStates {
    const known = [...names].map((name) => [name, this.get(name)] as const);
    return {
      states: new Map(known.filter(([, state]) => state.isKnown || state.problem)),
      position: this.#position,
    };
  }

  /** Takes over what another tab knows. Where it does not say so, a topic is not up to date. */
  adopt({ states, position }: SharedStates): void {
    this.#position = position;
    for (const [name, state] of states) if (this.#topics.has(name)) this.#change(name, state);
  }

  /** Says which topics the position may know. @param isLost the position is not that of all that is known */
  rely(topics: Iterable<string>, isLost: boolean): void {
    for (const name of topics) this.#ensure(name);
    this.#upToDate = new Set(topics);
    if (isLost) this.#position = undefined;
  }

  /** Forgets what nobody in this tab follows, and is not among `others`. */
  forgetUnwanted(others?: ReadonlySet<string>): void {
    for (const [name, { listeners }] of this.#topics)
      if (listeners.size === 0 && others?.has(name) !== true) this.#topics.delete(name);
  }

  begin(topics: ReadonlySet<string>): string | undefined {
    this.forgetUnwanted(topics);
    for (const name of topics) this.#ensure(name);
    // The server takes up a topic that its position knows without a snapshot: that must be here then.
    const isComplete = [...topics].every(
      (name) => !this.#upToDate.has(name) || this.get(name).isKnown,
    );
    if (!isComplete) this.#position = undefined;
    this.#upToDate = topics;
    return this.#position;
  }

  receive(messages: readonly LiveMessage[], position: string): void {
    const changed = new Map<string, TopicState>();
    for (const message of messages) {
      if (message.event === "end") continue;
      const { topic } = message.data;
      const state = changed.get(topic) ?? this.get(topic);
      // What other tabs follow, and what comes before the snapshot, is not for this store.
      const isFirst = message.event === "snapshot" || message.event === "refused";
      if (!this.#topics.has(topic) || !(state.isKnown || isFirst)) continue;
      changed.set(topic, applyMessage(state, message));
    }
    if (position !== "") this.#position = position;
    for (const [name, state] of changed) this.#change(name, state);
  }

  setStatus(status: ConnectionStatus, problem?: LiveProblem): void {
    if (status === this.#connection.status && problem === this.#connection.problem) return;
    this.#connection = { status, problem };
    for (const listener of this.#connectionListeners) listener();
  }

  #change(name: string, state: TopicState): void {
    const topic = this.#ensure(name);
    if (topic.state === state) return;
    topic.state = state;
    for (const listener of [...topic.listeners]) listener();
  }

  #ensure(name: string): Topic {
    let topic = this.#topics.get(name);
    if (topic === undefined) {
      topic = { state: NOTHING, listeners: new Set(), token: undefined };
      this.#topics.set(name, topic);
    }
    return topic;
  }
}
