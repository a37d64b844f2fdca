import type { RuntimeParts } from "../../../runtime/parts.ts";
import type { Subscription } from "../subscription.ts";
import type { TopicName } from "../topic-name.ts";

/** What sources work with. */
export interface SourceHost {
  readonly parts: Pick<RuntimeParts, "store" | "clock" | "runs">;
  /** Takes secrets out of payloads. */
  redact<T>(payload: T): T;
  /** A source cannot go on: its clients are to come back. */
  failed(subscriptions: Iterable<Subscription>, error: unknown): void;
}

/**
 * What follows some part of the store, once for all who want to know. It works only while somebody does.
 *
 * Who joins with a cursor gets what came after it, or a reset and a snapshot if that is no longer kept; who joins
 * without one, a snapshot; then patches.
 */
export interface Source {
  join(subscription: Subscription, topic: TopicName): void;
  /** @returns whether nobody is left, so that it may be thrown away: it has closed itself then */
  leave(subscription: Subscription): boolean;
}
