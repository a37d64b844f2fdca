import type { LiveConnection } from "./connection.ts";
import type { LiveStore, SharedStates } from "./live-store.ts";
import type {
  ConnectionStatus,
  LiveMessage,
  LiveProblem,
  LiveSink,
  LiveSource,
  Wants,
} from "./source.ts";

/**
 * One connection for all tabs of a browser. The tab that holds a lock leads: it has the connection, follows what any tab
 * wants, and passes on what arrives. The browser gives the lock to another tab as soon as the leader's is gone, however
 * it went; that one asks the others what they know, and goes on from there.
 *
 *   following ──(gets the lock)──► leading ──(close)──► closed
 */

/** What tabs say to each other. */
type TabMessage =
  /** A tab says what it wants; to a new leader also what it knows. */
  | {
      readonly type: "wants";
      readonly tab: string;
      readonly wants: Wants;
      readonly isWatched: boolean;
      readonly known: SharedStates | undefined;
    }
  /** The leader is to try again at once. */
  | { readonly type: "reconnect" }
  /** There is a new leader. */
  | { readonly type: "leader" }
  /** The leader has heard something. */
  | {
      readonly type: "messages";
      readonly messages: readonly LiveMessage[];
      readonly position: string;
    }
  /** The leader answers one tab. */
  | { readonly type: "known"; readonly tab: string; readonly known: SharedStates }
  | {
      readonly type: "status";
      readonly status: ConnectionStatus;
      readonly problem?: LiveProblem | undefined;
    };

interface Tab {
  readonly wants: Wants;
  readonly isWatched: boolean;
  readonly known?: SharedStates | undefined;
}

/** How long a new leader waits for what the others know. */
const ANSWERS_MS = 100;

export interface SharedSourceOptions {
  /** Tabs with the same name share. */
  readonly name: string;
  readonly store: LiveStore;
  /** Makes the connection of the leader. */
  readonly connect: (sink: LiveSink) => LiveConnection;
}

/** @returns whether this browser can: pages without https lack locks, except on localhost */
export const canShare = (): boolean =>
  typeof document !== "undefined" &&
  typeof BroadcastChannel !== "undefined" &&
  Boolean(navigator.locks);

export class SharedSource implements LiveSource {
  readonly #options: SharedSourceOptions;
  readonly #channel: BroadcastChannel;
  readonly #tab = crypto.randomUUID();
  readonly #closing = new AbortController();
  /** Of the leader. */
  #connection: LiveConnection | undefined;
  /** Of the leader: the other tabs. */
  readonly #others = new Map<string, Tab>();
  /** Whether this tab holds its lock: who speaks without it, looks as if gone. */
  #isPresent = false;
  /** Whether the leader knows what the others know. */
  #isReady = false;
  #mine: Tab = { wants: new Map(), isWatched: true };

  constructor(options: SharedSourceOptions) {
    this.#options = options;
    this.#channel = new BroadcastChannel(options.name);
    this.#channel.addEventListener("message", ({ data }: MessageEvent<TabMessage>) =>
      this.#hear(data),
    );
    this.#hold(this.#lockOf(this.#tab), () => {
      this.#isPresent = true;
      this.#say();
    });
    this.#hold(`${options.name}:leader`, () => this.#lead());
  }

  want(wants: Wants): void {
    this.#mine = { ...this.#mine, wants };
    this.#say();
  }

  /** Whether somebody looks at this tab. */
  setWatched(isWatched: boolean): void {
    this.#mine = { ...this.#mine, isWatched };
    this.#say();
  }

  reconnect(): void {
    if (this.#connection) this.#connection.reconnect();
    else this.#post({ type: "reconnect" });
  }

  close(): void {
    this.#closing.abort();
    this.#connection?.close();
    this.#options.store.setStatus("closed");
    this.#channel.close();
  }

  /** Holds a lock from when it is free until this source is closed. */
  #hold(name: string, onHeld: () => void): void {
    const { signal } = this.#closing;
    const held = async (): Promise<void> => {
      // It may have become free in the same moment as this was closed.
      if (signal.aborted) return;
      onHeld();
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
    };
    // Closed before it was free.
    navigator.locks.request(name, { signal }, held).catch(() => {});
  }

  #lockOf(tab: string): string {
    return `${this.#options.name}:tab:${tab}`;
  }

  #post(message: TabMessage): void {
    if (!this.#closing.signal.aborted) this.#channel.postMessage(message);
  }

  #say(known?: SharedStates): void {
    if (this.#connection) return this.#follow();
    const { wants, isWatched } = this.#mine;
    this.#options.store.forgetUnwanted();
    if (this.#isPresent) this.#post({ type: "wants", tab: this.#tab, wants, isWatched, known });
  }

  #hear(message: TabMessage): void {
    const { store } = this.#options;
    switch (message.type) {
      case "wants":
        return this.#connection && this.#serve(message);
      case "reconnect":
        return this.#connection?.reconnect();
      case "leader":
        return this.#say(store.share(this.#mine.wants.keys()));
      case "messages":
        return store.receive(message.messages, message.position);
      case "known":
        return message.tab === this.#tab ? store.adopt(message.known) : undefined;
      case "status":
        return store.setStatus(message.status, message.problem);
    }
  }

  #lead(): void {
    const { store, connect } = this.#options;
    this.#connection = connect({
      begin: (topics) => store.begin(topics),
      receive: (messages, position) => {
        store.receive(messages, position);
        this.#post({ type: "messages", messages, position });
      },
      setStatus: (status, problem) => {
        store.setStatus(status, problem);
        this.#post({ type: "status", status, problem });
      },
    });
    this.#post({ type: "leader" });
    void this.#othersAnswer().then(() => this.#take());
  }

  /** Waits for what the other tabs know, if there are any. */
  async #othersAnswer(): Promise<void> {
    const { held = [] } = await navigator.locks.query();
    const own = this.#lockOf(this.#tab);
    const isOther = (name = ""): boolean => name.startsWith(this.#lockOf("")) && name !== own;
    if (held.some(({ name }) => isOther(name)))
      await new Promise((resolve) => setTimeout(resolve, ANSWERS_MS));
  }

  /** Goes on from what the tabs know together. */
  #take(): void {
    if (this.#closing.signal.aborted) return;
    const { store } = this.#options;
    const { position } = store.share([]);
    const others = [...this.#others.values()];
    // A tab that stands elsewhere has heard more or less than this one: then everything begins anew.
    const isLost = others.some(
      ({ known }) => known !== undefined && known.states.size > 0 && known.position !== position,
    );
    store.rely(this.#union().keys(), isLost);
    if (!isLost) for (const { known } of others) if (known) store.adopt({ ...known, position });
    this.#isReady = true;
    this.#follow();
  }

  #union(): Wants {
    const union = new Map<string, string | undefined>();
    for (const { wants } of [...this.#others.values(), this.#mine])
      for (const [topic, token] of wants) union.set(topic, token);
    return union;
  }

  /** Has the connection follow what all tabs want, while somebody looks at one of them. */
  #follow(): void {
    if (!this.#isReady) return;
    const isWatched = [...this.#others.values(), this.#mine].some((tab) => tab.isWatched);
    this.#connection!.pause(!isWatched);
    this.#connection!.want(this.#union());
  }

  /** Another tab says what it wants. */
  #serve({ tab, wants, isWatched, known }: TabMessage & { readonly type: "wants" }): void {
    const { store } = this.#options;
    if (!this.#others.has(tab))
      // Free as soon as the tab is gone, however it went.
      navigator.locks
        .request(this.#lockOf(tab), { signal: this.#closing.signal }, () => {
          this.#others.delete(tab);
          this.#follow();
        })
        .catch(() => {});
    const before = this.#others.get(tab)?.wants;
    this.#others.set(tab, { wants, isWatched, known });
    const isNew = (topic: string): boolean => before?.has(topic) !== true;
    // Who has just told all it knows is as far as this tab, or will be with the first snapshots.
    if (!known)
      this.#post({ type: "known", tab, known: store.share([...wants.keys()].filter(isNew)) });
    const { status, problem } = store.connection;
    this.#post({ type: "status", status, problem });
    this.#follow();
  }
}
