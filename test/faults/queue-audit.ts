import { openConnection } from "../../src/storage/sqlite/connection.ts";
import { readLedger, type Entry, type EntryKind } from "./queue-ledger.ts";
import type { Place } from "./queue-kit.ts";

/** What the ledger and the file agree on. */
export interface Audit {
  /** Every contradiction between ledger and file, in words. */
  readonly problems: string[];
  readonly added: number;
  readonly completed: number;
  readonly failed: number;
  /** Jobs whose handler was called more than once: an attempt died. */
  readonly startedAgain: number;
  readonly entries: readonly Entry[];
}

interface StoredJob {
  readonly key: string;
  readonly state: number | null;
  readonly attemptsStarted: number;
  readonly processedBy: string | null;
}

const STORED = `SELECT job.data ->> '$.key', finished.state, job.attempts_started + (finished.job IS NOT NULL), finished.processed_by
  FROM job LEFT JOIN finished ON finished.job = job.pk`;
const COMPLETED = 4;

/**
 * Holds the file against the ledger, once all work is done:
 *   what was acknowledged is there once, and ended          what was refused is not there
 *   what ended was started, no oftener than the file says   what completed was returned by whoever the file says
 *   nothing was acknowledged as completed twice             nothing is there that nobody added
 */
export function audit(place: Place): Audit {
  const entries = readLedger(place.ledger);
  const stored = storedJobs(place.path);
  const problems: string[] = [];
  const said = byKind(entries);

  for (const key of said("added").keys()) {
    const jobs = stored.get(key) ?? [];
    if (jobs.length === 0) problems.push(`lost: ${key}`);
    else if (jobs[0]!.state === null) problems.push(`never ended: ${key}`);
  }
  for (const key of said("rejected").keys()) {
    if (stored.has(key)) problems.push(`refused, and yet there: ${key}`);
  }
  for (const [key, jobs] of stored) {
    if (jobs.length > 1) problems.push(`stored ${jobs.length} times: ${key}`);
    if (!said("adding").has(key)) problems.push(`added by nobody: ${key}`);
    problems.push(...contradictions(key, jobs[0]!, said));
  }
  return {
    problems,
    added: said("added").size,
    completed: [...stored.values()].filter(([job]) => job!.state === COMPLETED).length,
    failed: said("failed").size,
    startedAgain: [...said("started").values()].filter((starts) => starts.length > 1).length,
    entries,
  };
}

type Said = (kind: EntryKind) => Map<string, Entry[]>;

function contradictions(key: string, job: StoredJob, said: Said): string[] {
  const problems: string[] = [];
  const starts = said("started").get(key) ?? [];
  const completions = said("completed").get(key) ?? [];
  if (starts.length > job.attemptsStarted) {
    problems.push(`started ${starts.length} times, counted ${job.attemptsStarted}: ${key}`);
  }
  if (completions.length > 1) problems.push(`finished ${completions.length} times: ${key}`);
  if (job.state !== COMPLETED) {
    if (completions.length > 0) problems.push(`completed, and yet not: ${key}`);
    return problems;
  }
  const finisher = job.processedBy;
  if (!starts.some(({ by }) => by === finisher)) problems.push(`ended, not started: ${key}`);
  const returns = said("returned").get(key) ?? [];
  if (!returns.some(({ by }) => by === finisher)) problems.push(`ended, not returned: ${key}`);
  if (completions.some(({ by }) => by !== finisher)) {
    problems.push(`completed by ${completions[0]!.by}, and again by ${finisher}: ${key}`);
  }
  return problems;
}

function byKind(entries: readonly Entry[]): Said {
  const kinds = new Map<EntryKind, Map<string, Entry[]>>();
  for (const entry of entries) {
    const keys = kinds.get(entry.kind) ?? new Map<string, Entry[]>();
    kinds.set(entry.kind, keys);
    const same = keys.get(entry.key);
    if (same) same.push(entry);
    else keys.set(entry.key, [entry]);
  }
  return (kind) => kinds.get(kind) ?? new Map<string, Entry[]>();
}

function storedJobs(path: string): Map<string, StoredJob[]> {
  const connection = openConnection({ path, readOnly: true });
  const jobs = new Map<string, StoredJob[]>();
  try {
    for (const row of connection.sql(STORED).all()) {
      const [key, state, attemptsStarted, processedBy] = row as [
        string,
        number | null,
        number,
        string | null,
      ];
      jobs.set(key, [...(jobs.get(key) ?? []), { key, state, attemptsStarted, processedBy }]);
    }
    return jobs;
  } finally {
    connection.close();
  }
}
