import type { Reader } from "./job-summary.ts";

/** A line of a job's log. */
export interface LogLine {
  /** Counted from 1; a number is never used twice. */
  readonly line: number;
  readonly text: string;
}

const FORWARD = "SELECT line, text FROM job_log WHERE job = ? AND line > ? ORDER BY line LIMIT ?";
const BACKWARD =
  "SELECT line, text FROM job_log WHERE job = ? AND line < ? ORDER BY line DESC LIMIT ?";

/** Lines of the log of a job, by its key, from the oldest on or from the newest back. */
export async function readLogs(
  reader: Reader,
  key: number,
  page: {
    readonly order: "oldest" | "newest";
    readonly limit: number;
    /** The line that the page begins after. */
    readonly after?: number | undefined;
  },
): Promise<LogLine[]> {
  const isForward = page.order === "oldest";
  const after = page.after ?? (isForward ? 0 : Number.MAX_SAFE_INTEGER);
  const rows = await reader.query(isForward ? FORWARD : BACKWARD, [key, after, page.limit]);
  return (rows as [number, string][]).map(([line, text]) => ({ line, text }));
}
