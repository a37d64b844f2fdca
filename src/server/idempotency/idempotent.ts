import { createHash, randomUUID } from "node:crypto";
import type { Clock } from "../../core/clock.ts";
import { LonghaulError } from "../../core/errors.ts";
import type { RuntimeParts } from "../../runtime/parts.ts";
import type { Principal } from "../principal.ts";
import { type KeptAnswer, LEASE_MS, Reservations, type Reserved } from "./reservations.ts";

/** A request that came with an Idempotency-Key. */
export interface KeyedRequest {
  /** Of {@link effectKeyOf}. */
  readonly effectKey: string;
  readonly request: Request;
  readonly body: unknown;
  /** Whether the answer holds a secret: then only that it was given is kept. */
  readonly isSecret: boolean;
}

const KEPT_TYPES = /^(application\/(problem\+)?json|text\/plain)\b/;

/**
 * Does what a request asks for once, however often it is sent within 24 hours: the answer of the first time is given
 * again. Only what was done is kept; a request that failed may be sent again.
 *
 * A process may die between the effect and the keeping of its answer. Then the request is done again when it is sent
 * again, ten seconds later at the earliest, with the same `effectKey`: handlers make their effect itself idempotent with
 * it, as the id of a job or of an event, or as the idempotency key of a run.
 *
 * @throws {LonghaulError} SERVER_IDEMPOTENCY_BUSY, SERVER_IDEMPOTENCY_REUSED, SERVER_IDEMPOTENCY_SPENT; what `work`
 *   throws
 */
export async function idempotent(
  { store, clock }: RuntimeParts,
  { effectKey, request, body, isSecret }: KeyedRequest,
  work: () => Promise<Response>,
): Promise<Response> {
  const reservations = new Reservations(store, clock);
  const fingerprint = fingerprintOf(request, body);
  const reserved: Reserved = { id: effectKey, fingerprint, holder: randomUUID() };
  const found = await reservations.reserve(reserved);
  if (found.kind === "busy") throw new LonghaulError("SERVER_IDEMPOTENCY_BUSY");
  if (found.kind === "other") throw new LonghaulError("SERVER_IDEMPOTENCY_REUSED");
  if (found.kind === "answered") return replay(found.answer, isSecret);
  const stopRenewing = keepRenewing(clock, () => reservations.renew(reserved));
  try {
    const answer = await work();
    const kept = await toKept(answer, isSecret);
    if (kept === undefined) await reservations.release(reserved);
    else await reservations.keep(reserved, kept);
    return answer;
  } catch (error) {
    // If the disk refuses this as well, the lease ends by itself.
    await reservations.release(reserved).catch(() => {});
    throw error;
  } finally {
    stopRenewing();
  }
}

/**
 * What the effect of a request is known by: the same whenever the same principal sends the same key. Keys belong to
 * whoever sends them, so nobody finds out which ones others have used.
 *
 * @throws {LonghaulError} SERVER_IDEMPOTENCY_BAD_KEY
 */
export function effectKeyOf({ kind, id, name }: Principal, header: string): string {
  const digest = hash(kind, id ?? name, readKey(header));
  return `idem_${digest.toString("base64url").slice(0, 32)}`;
}

function readKey(header: string): string {
  // The draft of the standard has it as a quoted string; nearly nobody sends the quotes.
  const key = /^"(.*)"$/.exec(header)?.[1] ?? header;
  if (/^[\x21-\x7e]{1,255}$/.test(key)) return key;
  const reason = key.length > 255 ? "it is longer than 255 characters" : "it is not visible ASCII";
  throw new LonghaulError("SERVER_IDEMPOTENCY_BAD_KEY", {
    reason: key === "" ? "it is empty" : reason,
  });
}

/** Returns a function that ends it. */
function keepRenewing(clock: Clock, renew: () => Promise<void>): () => void {
  let cancel = schedule();
  return () => cancel();
  function schedule(): () => void {
    return clock.after(LEASE_MS / 3, () => {
      // A disk that refuses it refuses the answer as well; then the lease ends.
      renew().catch(() => {});
      cancel = schedule();
    });
  }
}

function fingerprintOf(request: Request, body: unknown): Buffer {
  const { pathname, search } = new URL(request.url);
  return hash(request.method, pathname, search, JSON.stringify(body) ?? "");
}

const hash = (...parts: string[]): Buffer =>
  createHash("sha256").update(JSON.stringify(parts)).digest();

function replay({ status, contentType, text }: KeptAnswer, isSecret: boolean): Response {
  if (isSecret) throw new LonghaulError("SERVER_IDEMPOTENCY_SPENT");
  const headers = new Headers({ "idempotency-replayed": "true" });
  if (contentType !== null) headers.set("content-type", contentType);
  return new Response(text, { status, headers });
}

async function toKept(answer: Response, isSecret: boolean): Promise<KeptAnswer | undefined> {
  const { ok, status, body } = answer;
  const contentType = answer.headers.get("content-type");
  // What logs somebody in is for who did it, not for who repeats it.
  if (!ok || answer.headers.has("set-cookie")) return undefined;
  if (isSecret || body === null) return { status, contentType, text: null };
  // A stream is no answer that could be given again.
  if (contentType === null || !KEPT_TYPES.test(contentType)) return undefined;
  return { status, contentType, text: await answer.clone().text() };
}
