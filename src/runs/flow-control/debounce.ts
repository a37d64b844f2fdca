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

/**
 * Adds a start to its debounce.
 *
 * @param open The open debounce of the key; `undefined` opens one.
 */
export function joinDebounce(
  options: { readonly periodMs: number; readonly timeoutMs?: number | undefined },
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
