import { countOf } from "./counts.ts";
import { indexRange } from "./index-range.ts";
import { decodeJobId } from "./job-id.ts";
import type { QueueReader } from "../reader.ts";
import { State } from "../states.ts";
import type { QueueRef } from "../transaction.ts";

/** How to list the jobs of a state. The `LIMIT` skips rows before it looks up their ids. */
interface Listing {
  readonly ascending: string;
  readonly descending: string;
  /** A list in Redis, which BullMQ wants from the newest to the oldest, and turns around itself. */
  readonly isList: boolean;
}

function listing(
  {
    id,
    from,
    order,
  }: { readonly id: string; readonly from: string; readonly order: readonly string[] },
  isList = false,
): Listing {
  const ordered = (direction: string) =>
    `SELECT ${id} FROM ${from} ORDER BY ${order.map((column) => column + direction).join(", ")} LIMIT ? OFFSET ?`;
  return { ascending: ordered(""), descending: ordered(" DESC"), isList };
}

const ID_OF = (table: string) => `(SELECT job.id FROM job WHERE job.pk = ${table}.job)`;

const inLine = (where: string, order: readonly string[], isList = false) =>
  listing({ id: ID_OF("pending"), from: `pending WHERE queue = ? AND ${where}`, order }, isList);

const ended = (state: State) =>
  listing({
    id: ID_OF("finished"),
    from: `finished WHERE queue = ? AND state = ${state}`,
    order: ["finished_on", "job"],
  });

const PLACE = ["major", "minor"] as const;
const WAITING = inLine(`state = ${State.waiting} AND major = 0`, ["minor"], true);

const LISTINGS: Readonly<Record<string, Listing>> = {
  waiting: WAITING,
  wait: WAITING,
  prioritized: inLine(`state = ${State.waiting} AND major > 0`, PLACE),
  delayed: inLine(`state = ${State.delayed}`, PLACE),
  "waiting-children": inLine(`state = ${State.waitingChildren}`, PLACE),
  active: listing({ id: ID_OF("active"), from: "active WHERE queue = ?", order: ["rank"] }, true),
  completed: ended(State.completed),
  failed: ended(State.failed),
  repeat: listing({ id: "id", from: "scheduler WHERE queue = ?", order: ["next_at", "id"] }),
};

/** What to list: indexes count from the first of the line, or from its last if `asc` is false. */
interface Range {
  readonly start: number;
  readonly end: number;
  readonly asc: boolean;
}

/** The ids of jobs in each of the states, by position. */
export async function getRanges(
  reader: QueueReader,
  ref: QueueRef,
  { types, ...range }: Range & { readonly types: readonly string[] },
): Promise<[string][]> {
  const queue = reader.queueId(ref);
  const lists =
    queue === undefined
      ? types.map(() => [])
      : await Promise.all(types.map((type) => idsOf(reader, queue, type, range)));
  // BullMQ's type says one id each, and means lists
  return lists as unknown as [string][];
}

async function idsOf(
  reader: QueueReader,
  queue: number,
  type: string,
  { start, end, asc }: Range,
): Promise<string[]> {
  const list = LISTINGS[type];
  if (!list) return [];
  const total = countOf(reader, queue, type);
  const { offset, count } = indexRange(start, end, total);
  if (count === 0) return [];
  // Skipping rows is what takes time, so pages of the far half are read from the far end
  const rest = total - offset - count;
  const isNear = offset <= rest;
  const text = asc === isNear ? list.ascending : list.descending;
  const rows = await reader.list(text, [queue, count, isNear ? offset : rest]);
  const ids = rows.map(([id]) => decodeJobId(id));
  return isNear === (asc && list.isList) ? ids.reverse() : ids;
}
