import { createHash } from "node:crypto";
import type { LogRecord } from "../../../runs/store/log-store.ts";
import type { RunNews } from "../../../runs/store/sqlite/run-news.ts";
import type { JournalEntry, SerializedError } from "../../../runs/types.ts";
import { plainText } from "../../routes/runs/plain-value.ts";
import type { LiveError, LiveLogEntry, LiveRun, LiveStep } from "../messages.ts";
import { iso, parseJson } from "./job-messages.ts";

/** Runs, their steps and their logs as live messages. */

type Redact = <T>(payload: T) => T;

export function liveRun(news: RunNews, redact: Redact): LiveRun {
  const { startedAt, finishedAt, dueAt, metadata, output, error } = news;
  return {
    id: news.id,
    functionId: news.functionId,
    state: news.state,
    attempt: news.attempt,
    createdAt: iso(news.createdAt),
    queuedAt: iso(news.queuedAt),
    ...(startedAt !== undefined && { startedAt: iso(startedAt) }),
    ...(finishedAt !== undefined && { finishedAt: iso(finishedAt) }),
    ...(dueAt !== undefined && finishedAt === undefined && { dueAt: iso(dueAt) }),
    tags: news.tags,
    ...(metadata !== undefined && {
      metadata: redact(JSON.parse(metadata) as Record<string, unknown>),
    }),
    ...(output !== undefined && { output: redact(plainText(output)) }),
    ...(error !== undefined && { error: liveError(error) }),
  };
}

/** What tells one state of a run from another. */
export function signatureOf(news: RunNews): string {
  // How far its journal and its log are is no part of it.
  const run = JSON.stringify({ ...news, lastEntry: 0, lastLog: 0 });
  return createHash("sha1").update(run).digest("base64url").slice(0, 12);
}

export function liveStep(entry: JournalEntry, redact: Redact): LiveStep {
  const { key, kind, state, attempt, at, dueAt, data, error } = entry;
  return {
    ...{ key, kind, state, attempt, at: iso(at) },
    ...(dueAt !== undefined && Number.isFinite(dueAt) && { dueAt: iso(dueAt) }),
    ...(data !== undefined && { data: redact(plainText(data)) }),
    ...(error !== undefined && { error: liveError(error) }),
  };
}

export function liveLogEntry(log: LogRecord, redact: Redact): LiveLogEntry {
  const { seq, at, kind, level, message, attempt, properties, spanId, parentId, durationMs } = log;
  return {
    ...{ seq, at: iso(at), kind, level, message, attempt },
    ...(properties !== undefined && { properties: redact(parseJson(properties)) }),
    ...(spanId !== undefined && { spanId }),
    ...(parentId !== undefined && { parentId }),
    ...(durationMs !== undefined && { durationMs }),
  };
}

const liveError = ({ name, message, stack, code }: SerializedError): LiveError => ({
  ...{ name, message },
  ...(stack !== undefined && { stack }),
  ...(code !== undefined && { code }),
});
