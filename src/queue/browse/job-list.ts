import type { SqlValue } from "../../storage/sqlite/connection.ts";
import { ENDS, type JobStateName, LINES } from "./job-states.ts";
import { type JobSummary, type Reader, summariesOf } from "./job-summary.ts";

/** A place in the order of a list of jobs of one state. */
export type ListPlace = readonly [major: number, minor: number];

/** Which jobs to list. */
export interface JobListing {
  /** The key of the queue. */
  readonly queue: number;
  readonly state: JobStateName;
  /** From the first in line (finished: the first that did) or from the last. */
  readonly order: "first" | "last";
  readonly limit: number;
  readonly after?: ListPlace | undefined;
}

const line = (where: string): string =>
  `SELECT job, major, minor FROM pending WHERE queue = ? AND ${where}`;
const lists: Readonly<Record<JobStateName, readonly [select: string, a: string, b: string]>> = {
  waiting: [line(LINES.waiting), "major", "minor"],
  prioritized: [line(LINES.prioritized), "major", "minor"],
  delayed: [line(LINES.delayed), "major", "minor"],
  "waiting-children": [line(LINES["waiting-children"]), "major", "minor"],
  active: ["SELECT job, job, rank FROM active WHERE queue = ?", "job", "rank"],
  completed: [ended("completed"), "finished_on", "job"],
  failed: [ended("failed"), "finished_on", "job"],
};

function ended(state: keyof typeof ENDS): string {
  return `SELECT job, finished_on, job FROM finished WHERE queue = ? AND state = ${ENDS[state]}`;
}

/** A page of jobs; the next one begins after `next`, null if this is the last. */
export interface JobPage {
  readonly jobs: readonly JobSummary[];
  readonly next: ListPlace | null;
}

/** Jobs of one state of one queue, in the order of the line, or of their ends. */
export async function listJobs(
  reader: Reader,
  { queue, state, order, limit, after }: JobListing,
): Promise<JobPage> {
  const [select, a, b] = lists[state];
  const [sign, direction] = order === "first" ? [">", ""] : ["<", " DESC"];
  const [from, params]: [string, SqlValue[]] = after
    ? [` AND (${a}, ${b}) ${sign} (?, ?)`, [...after]]
    : ["", []];
  const text = `${select}${from} ORDER BY ${a}${direction}, ${b}${direction} LIMIT ?`;
  const rows = await reader.query(text, [queue, ...params, limit + 1]);
  const shown = rows.slice(0, limit) as [key: number, major: number, minor: number][];
  const found = await summariesOf(
    reader,
    shown.map(([key]) => key),
  );
  const [, ...last] = shown.at(-1) ?? [];
  return {
    jobs: found.map(({ job }) => job),
    next: rows.length > limit ? (last as unknown as ListPlace) : null,
  };
}
