import { State } from "../states.ts";
import type { Reader } from "./job-summary.ts";
import type { JobDetail } from "./job-detail.ts";
import type { QueueRow } from "./queue-summary.ts";

/** Why a job stands where it stands. */
export interface Why {
  readonly code:
    | "paused"
    | "rate-limited"
    | "concurrency"
    | "no-workers"
    | "in-line"
    | "delayed"
    | "due"
    | "children"
    | "active"
    | "lock-expired"
    | "completed"
    | "failed";
  /** One sentence. */
  readonly text: string;
  /** Its place in line, the first is 1; no higher than {@link MAX_POSITION}. */
  readonly position?: number | undefined;
  /** When it goes on at the earliest, epoch ms. */
  readonly until?: number | undefined;
}

/** A position further back is not counted. */
export const MAX_POSITION = 10_000;

const AHEAD = `SELECT count(*) FROM (SELECT 1 FROM pending
  WHERE queue = ? AND state = ${State.waiting} AND (major, minor) < (?, ?) LIMIT ${MAX_POSITION})`;

/** What {@link whyOf} has to know of a job besides what people see. */
export interface Standing {
  /** Its place in line. */
  readonly major: number;
  readonly minor: number;
  /** When its lock runs out, epoch ms; null if it is not active, or has none. */
  readonly lockedUntil: number | null;
  readonly children: JobDetail["children"];
}

/** Why a job stands where it stands, in one sentence. */
export async function whyOf(
  reader: Reader,
  job: Pick<JobDetail, "state" | "attemptsMade" | "processedBy" | "failedReason" | "finishedOn">,
  standing: Standing,
  queue: QueueRow,
  { workers, now }: { readonly workers: number; readonly now: number },
): Promise<Why> {
  switch (job.state) {
    case "completed":
      return { code: "completed", text: `It was completed at ${iso(job.finishedOn!)}.` };
    case "failed": {
      const attempts = plural(job.attemptsMade, "attempt");
      return { code: "failed", text: `It failed after ${attempts}: ${job.failedReason ?? "?"}` };
    }
    case "active":
      return whyActive(job.processedBy, standing.lockedUntil, now);
    case "waiting-children": {
      const { pending, total } = standing.children;
      return {
        code: "children",
        text: `It waits for ${pending} of its ${plural(total, "child", "children")}.`,
      };
    }
    case "delayed":
      return whyDelayed(job.attemptsMade, standing.major, now);
    default:
      break;
  }
  const held = whyHeld(queue, workers);
  const [[ahead] = [0]] = await reader.query(AHEAD, [queue.key, standing.major, standing.minor]);
  const position = (ahead as number) + 1;
  if (held) return { ...held, position };
  const far = position > MAX_POSITION ? "more than " : "";
  const count = Math.min(position, MAX_POSITION);
  return { code: "in-line", text: `It is number ${far}${count} in line.`, position };
}

/** What holds back all jobs of a queue. */
function whyHeld(queue: QueueRow, workers: number): Why | undefined {
  if (queue.isPaused) return { code: "paused", text: "Its queue is paused." };
  if (queue.limitedUntil !== null)
    return {
      code: "rate-limited",
      text: `Its queue is rate limited until ${iso(queue.limitedUntil)}.`,
      until: queue.limitedUntil,
    };
  if (queue.concurrency !== null && queue.counts.active >= queue.concurrency)
    return {
      code: "concurrency",
      text: `As many jobs of its queue are active as may be: ${queue.concurrency}.`,
    };
  if (workers === 0) return { code: "no-workers", text: "No worker is connected to its queue." };
  return undefined;
}

function whyDelayed(attemptsMade: number, dueAt: number, now: number): Why {
  const what = attemptsMade > 0 ? `Its attempt ${attemptsMade + 1}` : "It";
  return dueAt > now
    ? { code: "delayed", text: `${what} is delayed until ${iso(dueAt)}.`, until: dueAt }
    : {
        code: "due",
        text: `${what} has been due since ${iso(dueAt)}; the next worker that is free makes it wait.`,
      };
}

function whyActive(worker: string | null, lockedUntil: number | null, now: number): Why {
  if (lockedUntil !== null && lockedUntil < now)
    return {
      code: "lock-expired",
      text: `Its worker has not renewed its lock since ${iso(lockedUntil)}; the next check for stalled jobs puts it back.`,
    };
  return {
    code: "active",
    text: worker ? `Worker ${worker} works on it.` : "A worker works on it.",
  };
}

const iso = (time: number): string => new Date(time).toISOString();

const plural = (count: number, one: string, many = `${one}s`): string =>
  `${count} ${count === 1 ? one : many}`;
