/** What the time of a fixed-interval iteration is computed from. Times are epoch milliseconds. */
export interface SlotInput {
  /** Length of the interval in milliseconds. */
  readonly every: number;
  readonly now: number;
  /** How far runs are shifted from the multiples of `every`; 0 for no particular alignment. */
  readonly offset: number;
  /** When the iteration before this one was due; absent for a first one. */
  readonly previous: number | undefined;
  /** Not before this time; only looked at for a first iteration. */
  readonly startDate: number | undefined;
}

/** When an iteration is due, and the offset that its time has from the multiples of the interval. */
export interface Slot {
  readonly at: number;
  readonly offset: number;
}

/** The next iteration of a scheduler that runs every so many milliseconds. */
export function nextSlot(input: SlotInput): Slot {
  const { every, offset } = input;
  const at = input.previous === undefined ? firstAt(input) : followingAt(input, input.previous);
  return { at: Math.floor(at), offset: Math.floor(offset || at - Math.floor(at / every) * every) };
}

/** At once, unless a start date or an offset says otherwise. */
function firstAt({ every, now, offset, startDate }: SlotInput): number {
  if (startDate !== undefined) return Math.max(startDate, now);
  return offset > 0 ? alignedAfter(now, every, offset) : now;
}

/** One interval on; after missed iterations, the next one that the offset allows. */
function followingAt({ every, now, offset }: SlotInput, previous: number): number {
  const at = previous + every;
  return at < now ? alignedAfter(now, every, offset) : at;
}

/** The slot of the current interval, or of the next if that is not ahead of us. */
function alignedAfter(now: number, every: number, offset: number): number {
  const slot = Math.floor(now / every) * every + offset;
  return slot > now ? slot : slot + every;
}
