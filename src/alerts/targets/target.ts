import type { AlertNotification } from "../notification.ts";

/** One attempt to send an alert. */
export interface AlertDelivery extends AlertNotification {
  /** The same for each attempt: whoever must not act twice remembers it. */
  readonly id: string;
  /** 1 for the first. */
  readonly attempt: number;
  /** When it is sent, epoch ms. */
  readonly sentAt: number;
  /** Aborted when the attempt takes too long, or the alerts are closed. */
  readonly signal: AbortSignal;
}

/**
 * Where alerts go. Made by {@link webhook}, {@link slack} or {@link mail}; any object of this form does, so a function of
 * your own is a target, too.
 *
 * @example
 * const pager: AlertTarget = { name: "pager", send: async ({ data }) => page(data.summary) };
 */
export interface AlertTarget {
  /** Unique, and stable: what has still to be sent is kept under it. */
  readonly name: string;
  /** How long an attempt may take, ms. @default 10 seconds */
  readonly timeoutMs?: number | undefined;
  /** Sends it. If it rejects, it is called again later. */
  send(delivery: AlertDelivery): unknown;
}
