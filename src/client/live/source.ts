import type { LiveEvent, LiveMessages } from "../../server/live/messages.ts";

/** What the stream said. */
export type LiveMessage = {
  readonly [Event in LiveEvent]: { readonly event: Event; readonly data: LiveMessages[Event] };
}[LiveEvent];

/** Why something cannot be had, in the words of the server's problem documents. */
export interface LiveProblem {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
}

/** Topics to follow, each with the token for it if it needs another one than the connection's. */
export type Wants = ReadonlyMap<string, string | undefined>;

/**
 * How the connection is:
 *
 *   idle ──► connecting ◄──► open          idle: nothing is followed
 *              │    ▲          │
 *              ▼    └──────────┤
 *            closed          paused        nobody has looked at the page for a while
 *
 * `closed`: the server refuses who asks, until something else is asked for; or `close()` was called.
 */
export type ConnectionStatus = "idle" | "connecting" | "open" | "paused" | "closed";

/** What brings the messages of topics: a connection of one's own, or one that the browser's tabs share. */
export interface LiveSource {
  /** Replaces what is followed. */
  want(wants: Wants): void;
  /** Tries at once, also after a refusal. */
  reconnect(): void;
  close(): void;
}

/** Whom a source tells. */
export interface LiveSink {
  /**
   * The connection begins anew, with these topics: what else is known is no longer kept up to date.
   * @returns the position to go on from; none: everything begins with a snapshot
   */
  begin(topics: ReadonlySet<string>): string | undefined;
  /** In the order of commits. `position` is what to go on from after the last of them. */
  receive(messages: readonly LiveMessage[], position: string): void;
  setStatus(status: ConnectionStatus, problem?: LiveProblem): void;
}
