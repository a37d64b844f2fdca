/**
 * `debounce`: a start waits until no other of its key has come for `periodMs`, and only the newest runs. `timeoutMs`
 * bounds the delay, counted from the first. Newest is by the event's `ts`: one that comes late, out of order, changes
 * nothing, as in Inngest. (Inngest adds a second to each period for its queue; we do not.)
 */

/** A debounce that is open. */
export interface OpenDebounce {
  /** When the first start joined, epoch ms. */
  readonly openedAt: number;
  /** `ts` of the newest event. */
  readonly eventTs: number;
}

/** What a start does to its debounce. */
export interface DebounceStep extends OpenDebounce {
  /** Whether this start takes the place of the one kept so far. */
  readonly replaces: boolean;
  /** When the kept start runs, epoch ms; `undefined` if that does not change. */
  readonly dueAt: number | undefined;
}

/** How a start may move its debounce. */
export interface DebounceOptions {
  readonly periodMs: number;
  /** Bounds the delay, counted from the first start. */
  readonly timeoutMs?: number | undefined;
  /** The same, but a start that goes beyond opens another debounce and leaves this one alone. */
  readonly maxDelayMs?: number | undefined;
}

/** Whether a start is too late to join a debounce, and has to open another. */
export const isPastMaxDelay = (
  { periodMs, maxDelayMs }: DebounceOptions,
  { openedAt }: OpenDebounce,
  now: number,
): boolean => maxDelayMs !== undefined && now + periodMs > openedAt + maxDelayMs;

/**
 * Adds a start to its debounce.
 *
 * @param open The open debounce of the key; `undefined` opens one.
 */
export function joinDebounce(
  options: DebounceOptions,
  open: OpenDebounce | undefined,
  eventTs: number,
  now: number,
): DebounceStep {
  if (open !== undefined && eventTs < open.eventTs) {
    return { ...open, replaces: false, dueAt: undefined };
  }
  const openedAt = open?.openedAt ?? now;
  const latest = openedAt + (options.timeoutMs ?? Infinity);
  return {
    openedAt,
    eventTs,
    replaces: true,
    dueAt: Math.max(Math.min(now + options.periodMs, latest), now),
  };
}
