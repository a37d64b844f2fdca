import { LonghaulError } from "../../core/errors.ts";
import type { RunEvent } from "../../runs/types.ts";

/**
 * Sessions say what events belong together (`meta.sessions: { chat: "c-1" }`). A run has those that all its events
 * share, and what it sends or invokes inherits them: from the run's as `propagated_sessions`, over which the event's
 * own `sessions` win; a `null` there cuts one off, `sessions: null` all of them.
 */
export type Sessions = Readonly<Record<string, string>>;

type Meta = Readonly<Record<string, unknown>>;

/** The sessions that all events of a run share; nothing if there are none. */
export function sharedSessions(events: readonly RunEvent[]): Sessions | undefined {
  const [first, ...others] = events.map(({ meta }) => sessionsOf(meta));
  if (first === undefined) return undefined;
  const shared = Object.entries(first).filter(([key, id]) =>
    others.every((sessions) => sessions?.[key] === id),
  );
  return shared.length > 0 ? Object.fromEntries(shared) : undefined;
}

/** Adds a run's sessions to what it sends, unless somebody has already done so. */
export function inheritSessions<T>(payload: T, sessions: Sessions | undefined): T {
  if (sessions === undefined || typeof payload !== "object" || payload === null) return payload;
  const meta = (payload as { readonly meta?: Meta | null }).meta ?? {};
  if (meta["propagated_sessions"] !== undefined) return payload;
  return { ...payload, meta: { ...meta, propagated_sessions: sessions } };
}

/**
 * The `meta` to store: inherited sessions and the event's own in one.
 *
 * @throws {LonghaulError} INNGEST_BAD_EVENT
 */
export function mergeSessions(event: string, meta: unknown): object | undefined {
  if (meta === undefined || meta === null) return undefined;
  if (typeof meta !== "object" || Array.isArray(meta)) throw bad(event, "meta is an object");
  const { sessions, propagated_sessions: inherited, ...rest } = meta as Meta;
  const merged = sessions === null ? {} : { ...read(event, inherited), ...read(event, sessions) };
  const kept = Object.entries(merged).filter(([, id]) => id !== null);
  if (kept.length === 0) return Object.keys(rest).length > 0 ? rest : undefined;
  return { ...rest, sessions: Object.fromEntries(kept.map(([key, id]) => [key, String(id)])) };
}

function sessionsOf(meta: unknown): Sessions | undefined {
  const sessions = (meta as { readonly sessions?: unknown } | null | undefined)?.sessions;
  return typeof sessions === "object" && sessions !== null ? (sessions as Sessions) : undefined;
}

function read(event: string, sessions: unknown): Record<string, string | number | null> {
  if (sessions === undefined || sessions === null) return {};
  if (typeof sessions !== "object" || Array.isArray(sessions))
    throw bad(event, "meta.sessions is an object");
  for (const [key, id] of Object.entries(sessions)) {
    const isId = typeof id === "string" ? id !== "" : typeof id === "number" && Number.isFinite(id);
    if (key === "" || !(isId || id === null))
      throw bad(event, "meta.sessions holds strings, numbers and null under names");
  }
  return sessions as Record<string, string | number | null>;
}

const bad = (event: string, reason: string): LonghaulError =>
  new LonghaulError("INNGEST_BAD_EVENT", { event, reason });
