import { backoffMs } from "./backoff.ts";
import { readEventStream } from "./event-stream.ts";
import type { LiveMessage, LiveProblem, LiveSink, LiveSource, Wants } from "./source.ts";
import type { TokenSource } from "./token-source.ts";
import { problemOf, readMessage, streamRequest } from "./wire.ts";

/** What a connection is made of. */
export interface ConnectionOptions {
  /** Where the API is, such as `/api/v1`. */
  readonly apiUrl: string;
  readonly token: TokenSource;
  readonly sink: LiveSink;
  readonly fetch: typeof globalThis.fetch;
}

/** Components that mount together share one request. */
const GATHER_MS = 10;
/** What a component no longer follows, the next one may: the connection is not made again for less, only later. */
const LINGER_MS = 2_000;
/** The server says something every 15 s; after this time of silence the connection is dead. */
const SILENCE_MS = 40_000;
const NETWORK_EVENTS = ["online", "offline"] as const;

/**
 * One connection to the server's stream. It is made again when it breaks, when the topics change, and when the machine
 * comes back online; what was committed meanwhile arrives first. See {@link ConnectionStatus} for its states.
 */
export class LiveConnection implements LiveSource {
  readonly #options: ConnectionOptions;
  #wants: Wants = new Map();
  /** Topics of the request under way. */
  #asked: ReadonlySet<string> = new Set();
  #isPaused = false;
  #isRefused = false;
  #isClosed = false;
  #failures = 0;
  /** Ends the request under way. */
  #request: AbortController | undefined;
  #timer: { readonly id: ReturnType<typeof setTimeout>; readonly at: number } | undefined;
  /** The connection may be dead without knowing it, and another one may get through. */
  readonly #networkChanged = (): void => {
    if (this.#wants.size > 0) this.#startIn(0);
  };

  constructor(options: ConnectionOptions) {
    this.#options = options;
    for (const event of NETWORK_EVENTS) globalThis.addEventListener?.(event, this.#networkChanged);
  }

  want(wants: Wants): void {
    this.#wants = wants;
    const isMore = [...wants.keys()].some((topic) => !this.#asked.has(topic));
    // Who asks for something else may get it.
    if (isMore || wants.size < this.#asked.size) this.#isRefused = false;
    if (isMore) this.#startIn(GATHER_MS);
    else if (wants.size < this.#asked.size) this.#startIn(LINGER_MS);
  }

  /** Closes the connection for as long as nobody looks. */
  pause(isPaused: boolean): void {
    if (this.#isClosed || isPaused === this.#isPaused) return;
    this.#isPaused = isPaused;
    if (!isPaused) return this.#startIn(0);
    this.#stop();
    if (!this.#isRefused) this.#options.sink.setStatus("paused");
  }

  /** Tries at once, also after a refusal. */
  reconnect(): void {
    this.#isRefused = false;
    this.#startIn(0);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#stop();
    for (const event of NETWORK_EVENTS)
      globalThis.removeEventListener?.(event, this.#networkChanged);
    this.#options.sink.setStatus("closed");
  }

  /** The server wants nothing of whoever asks like this. */
  #refuse(problem: LiveProblem): void {
    this.#stop();
    this.#isRefused = true;
    this.#options.sink.setStatus("closed", problem);
  }

  #stop(): void {
    this.#request?.abort();
    this.#request = undefined;
    clearTimeout(this.#timer?.id);
    this.#timer = undefined;
  }

  /** Asks anew after a time, or at the time that was said before if that is sooner. */
  #startIn(delayMs: number): void {
    if (this.#isClosed || this.#isPaused || this.#isRefused) return;
    const at = Date.now() + delayMs;
    if (this.#timer !== undefined && this.#timer.at <= at) return;
    clearTimeout(this.#timer?.id);
    this.#timer = { id: setTimeout(() => void this.#start(), delayMs), at };
  }

  async #start(): Promise<void> {
    this.#stop();
    const { sink } = this.#options;
    this.#asked = new Set(this.#wants.keys());
    if (this.#wants.size === 0) return sink.setStatus("idle");
    const request = new AbortController();
    this.#request = request;
    sink.setStatus("connecting");
    try {
      await this.#follow(request, this.#wants);
    } catch {
      // Offline, a proxy's error page, a server that restarts: all of them are tried again.
    }
    // Ended on purpose: whoever did has said what comes next.
    if (this.#request !== request) return;
    sink.setStatus("connecting");
    this.#startIn(backoffMs(++this.#failures, Math.random()));
  }

  async #follow(request: AbortController, wants: Wants): Promise<void> {
    const { apiUrl, token, sink, fetch } = this.#options;
    const bearer = await token.get();
    if (request.signal.aborted) return;
    let silence: ReturnType<typeof setTimeout> | undefined;
    const heard = (): void => {
      clearTimeout(silence);
      silence = setTimeout(() => request.abort(), SILENCE_MS);
    };
    try {
      heard();
      const response = await fetch(`${apiUrl}/stream`, {
        ...streamRequest(wants, sink.begin(this.#asked), bearer),
        signal: request.signal,
      });
      if (!response.ok || response.body === null) return await this.#refused(response);
      sink.setStatus("open");
      for await (const { events, id } of readEventStream(response.body, heard)) {
        if (request.signal.aborted) return;
        this.#failures = 0;
        const messages = events.map(readMessage);
        sink.receive(messages, id);
        if (messages.some(isExpiry)) this.#expired();
      }
    } finally {
      clearTimeout(silence);
    }
  }

  #expired(): void {
    const { token } = this.#options;
    token.forget();
    if (!token.canRefresh)
      this.#refuse({ status: 401, code: "HTTP_401", detail: "The token has expired" });
  }

  /** A refusal is final, unless another token or another time may help. */
  async #refused(response: Response): Promise<void> {
    const { token } = this.#options;
    const { status } = response;
    if (status === 401) token.forget();
    const mayHelp = status === 401 && token.canRefresh;
    if (mayHelp || status === 408 || status === 429 || status >= 500) return;
    this.#refuse(await problemOf(response));
  }
}

const isExpiry = (message: LiveMessage): boolean =>
  message.event === "end" && message.data.reason === "expired";
