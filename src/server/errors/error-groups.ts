import { fingerprintOf, messageTemplate, topFrame } from "../../core/error-fingerprint.ts";
import { type FailedJob, recentlyFailedJobs } from "../../queue/browse/recent-failures.ts";
import { type FailedRun, recentlyFailedRuns } from "../../runs/search/recent-failures.ts";
import type { SqliteStore } from "../../storage/sqlite/store.ts";
import { type GroupMark, readMarks } from "./group-marks.ts";

/** A job or a run that failed. */
export type FailureExample =
  | ({ readonly kind: "job" } & Omit<FailedJob, "stack">)
  | ({ readonly kind: "run" } & Omit<FailedRun, "stack">);

/** Failures of one kind. Times are epoch ms. */
export interface ErrorGroup {
  readonly fingerprint: string;
  /** The message without what differs each time. */
  readonly message: string;
  /** Where it was thrown; "" if that is not known. */
  readonly frame: string;
  readonly count: number;
  readonly jobs: number;
  readonly runs: number;
  readonly firstSeen: number;
  readonly lastSeen: number;
  readonly status: "open" | "resolved" | "ignored";
  /** Whether it happened again after it was resolved. */
  readonly isBack: boolean;
  readonly mark: GroupMark | null;
  /** The newest of them. */
  readonly examples: readonly FailureExample[];
}

/** So many failed jobs, and as many failed runs, are looked at: the newest. */
export const MAX_FAILURES = 5_000;
const MAX_EXAMPLES = 5;

/** Failures that are kept, by kind, the one that happened last first. */
export async function readErrorGroups(
  store: SqliteStore,
): Promise<{ readonly groups: ErrorGroup[]; readonly complete: boolean }> {
  const page = { limit: MAX_FAILURES };
  const [jobs, runs, marks] = await Promise.all([
    recentlyFailedJobs(store, page),
    recentlyFailedRuns(store, page),
    readMarks(store),
  ]);
  const byKind = new Map<string, Draft>();
  for (const job of jobs.rows) enter(byKind, "job", job);
  for (const run of runs.rows) enter(byKind, "run", run);
  const groups = [...byKind.values()].map((draft) => finish(draft, marks.get(draft.fingerprint)));
  groups.sort((a, b) => b.lastSeen - a.lastSeen || (a.fingerprint < b.fingerprint ? -1 : 1));
  return { groups, complete: jobs.next === null && runs.next === null };
}

type Draft = {
  -readonly [
    Field in keyof Omit<ErrorGroup, "status" | "isBack" | "mark" | "examples">
  ]: ErrorGroup[Field];
} & { readonly examples: FailureExample[] };

function enter(
  groups: Map<string, Draft>,
  kind: FailureExample["kind"],
  { stack, ...failure }: FailedJob | FailedRun,
): void {
  const { message, at } = failure;
  const fingerprint = fingerprintOf({ message, stack });
  let group = groups.get(fingerprint);
  if (!group) {
    group = {
      ...{ fingerprint, message: messageTemplate(message), frame: topFrame(stack) },
      ...{ count: 0, jobs: 0, runs: 0, firstSeen: at, lastSeen: at, examples: [] },
    };
    groups.set(fingerprint, group);
  }
  group.count++;
  if (kind === "job") group.jobs++;
  else group.runs++;
  group.firstSeen = Math.min(group.firstSeen, at);
  group.lastSeen = Math.max(group.lastSeen, at);
  group.examples.push({ kind, ...failure } as FailureExample);
}

function finish({ examples, ...draft }: Draft, mark: GroupMark | undefined): ErrorGroup {
  const isBack = mark?.status === "resolved" && draft.lastSeen > mark.changedAt;
  return {
    ...draft,
    status: mark === undefined || isBack ? "open" : mark.status,
    isBack,
    mark: mark ?? null,
    examples: examples.toSorted((a, b) => b.at - a.at).slice(0, MAX_EXAMPLES),
  };
}
