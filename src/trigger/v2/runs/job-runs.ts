import type { RunHost } from "../../../runs/hosting.ts";
import type { RunRecord } from "../../../runs/store/run-store.ts";
import type { JournalEntry } from "../../../runs/types.ts";
import type { Untyped } from "../../types/untyped.ts";
import { readStatuses, type StatusRecord } from "../io/status.ts";
import { type JobRunStatus, statusOf } from "./run-status.ts";

/** A run in a list. */
export interface ListedRun {
  readonly id: string;
  readonly status: JobRunStatus;
  readonly startedAt: Date | null;
  readonly updatedAt: Date | null;
  readonly completedAt: Date | null;
}

/** A run. */
export interface JobRun extends ListedRun {
  /** What `run` returned. */
  readonly output?: Untyped;
  readonly tasks: readonly RunTask[];
  readonly statuses: readonly StatusRecord[];
  /** More tasks: pass it as `cursor`. */
  readonly nextCursor?: string;
}

/** A task of a run. */
export interface RunTask {
  /** Unique in the run. */
  readonly id: string;
  /** The key it was called with. */
  readonly displayKey: string;
  readonly status: "PENDING" | "WAITING" | "COMPLETED" | "ERRORED";
  readonly completedAt: Date | null;
  /** With `taskdetails`. */
  readonly output?: Untyped;
  /** With `subtasks`. */
  readonly subtasks?: readonly RunTask[];
}

/** What to read of a run. */
export interface GetRunOptions {
  /** Whether tasks inside of tasks are given, in them. @default false */
  readonly subtasks?: boolean | undefined;
  /** Whether the results of tasks are. @default false */
  readonly taskdetails?: boolean | undefined;
  /** `nextCursor` of the page before. */
  readonly cursor?: string | undefined;
  /** Tasks, 50 at most. @default 20 */
  readonly take?: number | undefined;
}

/** Which page of a list. */
export interface GetRunsOptions {
  /** `nextCursor` of the page before. */
  readonly cursor?: string | undefined;
  /** 50 at most. @default 20 */
  readonly take?: number | undefined;
}

const DEFAULT_TAKE = 20;
const MAX_TAKE = 50;
/** Stands between the keys of a task and of one inside. */
const INSIDE = "›";

/** A run with its tasks, in the order of their last word. */
export async function getRun(
  host: RunHost,
  runId: string,
  options: GetRunOptions = {},
): Promise<JobRun | undefined> {
  const record = await host.getRun(runId);
  if (record === undefined) return undefined;
  const tasks = tasksOf(record.journal, options);
  const start = options.cursor === undefined ? 0 : Number(options.cursor);
  const end = start + takeOf(options);
  return {
    ...listed(record),
    ...(record.output !== undefined && { output: JSON.parse(record.output) as unknown }),
    tasks: tasks.slice(start, end),
    statuses: await readStatuses(host, runId),
    ...(end < tasks.length && { nextCursor: String(end) }),
  };
}

/** The runs of a job, newest first. */
export async function getRuns(
  host: RunHost,
  functionId: string,
  options: GetRunsOptions = {},
): Promise<{ runs: ListedRun[]; nextCursor?: string }> {
  const take = takeOf(options);
  const page = { functionIds: [functionId], limit: take + 1, after: options.cursor };
  const records = await host.stores.runs.list(page);
  const runs = records.slice(0, take).map(listed);
  return { runs, ...(records.length > take && { nextCursor: runs.at(-1)!.id }) };
}

/** Cancels the runs of a job that are not over. @returns their ids */
export async function cancelRunsOfJob(host: RunHost, functionId: string): Promise<string[]> {
  const canceled: string[] = [];
  const states = ["delayed", "queued", "running", "waiting"] as const;
  for (;;) {
    const filter = { functionIds: [functionId], states, limit: MAX_TAKE };
    const found = await host.stores.runs.list(filter);
    const outcomes = await Promise.all(
      found.map(async ({ id }) => ((await host.cancel(id)) ? [id] : [])),
    );
    canceled.push(...outcomes.flat());
    if (outcomes.flat().length === 0) return canceled;
  }
}

/** A task that has tasks and no result yet has no entry of its own: theirs tell of it. */
type Found = Pick<JournalEntry, "key" | "kind" | "state" | "data" | "at">;

function tasksOf(journal: readonly JournalEntry[], options: GetRunOptions): RunTask[] {
  const entries = new Map<string, Found>(journal.map((entry) => [entry.key, entry]));
  const children = new Map<string, Set<string>>();
  for (const { key } of journal) {
    for (let inner = key; inner !== ""; inner = parentOf(inner)) {
      const siblings = children.get(parentOf(inner));
      if (siblings) siblings.add(inner);
      else children.set(parentOf(inner), new Set([inner]));
    }
  }
  const toTask = (key: string): RunTask => {
    const { data, ...entry } = entries.get(key) ?? { kind: "group", state: "pending", at: 0 };
    return {
      id: key,
      displayKey: key.slice(key.lastIndexOf(INSIDE) + 1),
      status: taskStatus(entry),
      completedAt: entry.state === "done" ? new Date(entry.at) : null,
      ...(options.taskdetails && data !== undefined && { output: JSON.parse(data) as unknown }),
      ...(options.subtasks && { subtasks: below(key) }),
    };
  };
  const below = (parent: string): RunTask[] => [...(children.get(parent) ?? [])].map(toTask);
  return below("");
}

const parentOf = (key: string): string => key.slice(0, Math.max(key.lastIndexOf(INSIDE), 0));

function taskStatus({ state, kind }: Pick<Found, "state" | "kind">): RunTask["status"] {
  if (state === "done") return "COMPLETED";
  if (state === "failed") return "ERRORED";
  return state === "retry" || kind === "group" ? "PENDING" : "WAITING";
}

function listed(record: RunRecord): ListedRun {
  const { id, startedAt, finishedAt, journal } = record;
  const updatedAt = finishedAt ?? journal.at(-1)?.at ?? startedAt ?? record.queuedAt;
  return {
    id,
    status: statusOf(record),
    startedAt: startedAt === undefined ? null : new Date(startedAt),
    updatedAt: new Date(updatedAt),
    completedAt: finishedAt === undefined ? null : new Date(finishedAt),
  };
}

const takeOf = ({ take = DEFAULT_TAKE }: { readonly take?: number | undefined }): number =>
  Math.min(Math.max(Math.trunc(take), 1), MAX_TAKE);
