import type { SqlValue } from "../../storage/sqlite/connection.ts";
import type { SchedulerFields } from "../schedulers/scheduler-record.ts";
import type { Reader } from "./job-summary.ts";

/** A job scheduler. Times are epoch ms. */
export interface SchedulerSummary {
  readonly id: string;
  /** When its current job is due. */
  readonly nextAt: number;
  /** Name of its jobs. */
  readonly name: string;
  readonly pattern: string | null;
  readonly every: number | null;
  readonly timeZone: string | null;
  readonly limit: number | null;
  readonly startDate: number | null;
  readonly endDate: number | null;
  /** How many jobs it has made. */
  readonly iterations: number;
  /** Payload and options of its jobs. */
  readonly template: { readonly data: unknown; readonly opts: unknown };
}

const PAGE = `SELECT id, next_at, fields FROM scheduler WHERE queue = ? AND (next_at, id) > (?, ?)
  ORDER BY next_at, id LIMIT ?`;
const ONE = "SELECT id, next_at, fields FROM scheduler WHERE queue = ? AND id = ?";

/** The schedulers of a queue in the order in which they are due, from the one after a place in it. */
export async function listSchedulers(
  reader: Reader,
  queue: number,
  page: { readonly limit: number; readonly after?: readonly [number, string] | undefined },
): Promise<SchedulerSummary[]> {
  const rows = await reader.query(PAGE, [queue, ...(page.after ?? [-1, ""]), page.limit]);
  return rows.map(toScheduler);
}

/** A scheduler of a queue. */
export async function readScheduler(
  reader: Reader,
  queue: number,
  id: string,
): Promise<SchedulerSummary | undefined> {
  const [row] = await reader.query(ONE, [queue, id]);
  return row && toScheduler(row);
}

function toScheduler([id, nextAt, json]: readonly SqlValue[]): SchedulerSummary {
  const fields = JSON.parse(json as string) as SchedulerFields;
  const number = (name: string) => (fields[name] === undefined ? null : Number(fields[name]));
  const time = (name: string) => {
    const text = fields[name];
    if (text === undefined) return null;
    const ms = /^\d+$/.test(text) ? Number(text) : Date.parse(text);
    return Number.isNaN(ms) ? null : ms;
  };
  const content = (name: string) => JSON.parse(fields[name] ?? "{}") as unknown;
  return {
    id: id as string,
    nextAt: nextAt as number,
    name: fields["name"] ?? "",
    pattern: fields["pattern"] ?? null,
    every: number("every"),
    timeZone: fields["tz"] ?? null,
    limit: number("limit"),
    startDate: time("startDate"),
    endDate: time("endDate"),
    iterations: number("ic") ?? 0,
    template: { data: content("data"), opts: content("opts") },
  };
}
