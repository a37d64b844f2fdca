import { z } from "zod";
import { MAX_TOKEN_OUTPUT_BYTES } from "../../../runs/store/limits.ts";
import type { Token } from "../../../runs/store/token-store.ts";
import { isTokenHash, tokenUrl } from "../../../runs/token-address.ts";
import { dueTime, durationMs } from "../../../trigger/durations.ts";
import { resolveKey } from "../../../trigger/idempotency-keys.ts";
import { packText } from "../../../trigger/payload.ts";
import { decodeCursor, pageOf, pageQuery, toPage } from "../../pages.ts";
import type { Redactor } from "../../redact.ts";
import { route } from "../../route.ts";
import type { ServerHost } from "../../server-host.ts";
import {
  duration,
  durationOrTime,
  id,
  iso,
  isoOrNull,
  json,
  listQuery,
  time,
  timeQuery,
} from "./fields.ts";
import { conflict, notFound } from "./find-run.ts";
import { plainText } from "./plain-value.ts";
import { idempotencyKey, tags } from "./trigger-options.ts";

/** Waitpoint tokens: what runs wait for until somebody outside completes it. */

const tokenState = z.enum(["waiting", "completed", "timedOut"]);

const token = z.object({
  id: z.string(),
  state: tokenState,
  createdAt: time,
  timeoutAt: time.nullable(),
  endedAt: time.nullable(),
  tags: z.array(z.string()),
  idempotencyKey: z.string().nullable(),
  /** The run that made it. */
  runId: z.string().nullable(),
  /** What it was completed with. */
  output: json,
});

const show = (given: Token, redact: Redactor): z.input<typeof token> => ({
  id: given.id,
  state: given.state,
  createdAt: iso(given.createdAt),
  timeoutAt: isoOrNull(given.timeoutAt),
  endedAt: isoOrNull(given.endedAt),
  tags: [...given.tags],
  idempotencyKey: given.idempotencyKey ?? null,
  runId: given.runId ?? null,
  output: given.output === undefined ? null : redact(plainText(given.output)),
});

const params = z.object({ tokenId: id });
const storeOf = ({ parts }: ServerHost) => parts.engine.stores.tokens;

export const waitpoints = route({
  id: "waitpoints.list",
  summary: "Waitpoint tokens, newest first",
  role: "viewer",
  query: z.strictObject({
    ...pageQuery,
    state: listQuery.pipe(z.array(tokenState)).optional(),
    tag: listQuery.optional(),
    idempotencyKey: z.string().optional(),
    from: timeQuery.optional(),
    to: timeQuery.optional(),
  }),
  answer: pageOf(token),
  handler: async ({ query: { limit, cursor, state, tag, ...filter }, host }) => {
    const [after] = (decodeCursor(cursor, ["string"]) ?? []) as [string?];
    const page = { states: state, tags: tag, after, limit: limit + 1 };
    const found = await storeOf(host).list({ ...filter, ...page });
    return toPage(
      found,
      limit,
      (one) => [one.id],
      (one) => show(one, host.redact),
    );
  },
});

export const waitpoint = route({
  id: "waitpoints.get",
  summary: "A waitpoint token",
  role: "viewer",
  scopes: ({ params: { tokenId } }) => [`write:token:${tokenId}`],
  params,
  answer: token,
  handler: async ({ params: { tokenId }, host }) => {
    const found = await storeOf(host).retrieve(tokenId);
    return show(found ?? notFound("token", tokenId), host.redact);
  },
});

const TIMEOUT = "10m";
const KEY_TTL = "1h";

export const createWaitpoint = route({
  id: "waitpoints.create",
  summary: "Makes a waitpoint token",
  role: "operator",
  body: z
    .strictObject({
      /** When it times out: so long from now, or at a time. @default "10m" */
      timeout: durationOrTime.default(TIMEOUT),
      idempotencyKey: idempotencyKey.optional(),
      /** @default "1h" */
      idempotencyKeyTTL: duration.default(KEY_TTL),
      tags: tags.optional(),
    })
    .prefault({}),
  answer: z.object({
    id: z.string(),
    /** Whether the idempotency key gave a token that was there already. */
    isCached: z.boolean(),
    /** A POST to it completes the token, without a login; null where the server does not know its `publicUrl`. */
    url: z.string().nullable(),
    /** Lets a browser complete it, for a quarter of an hour. */
    publicToken: z.string(),
  }),
  status: 201,
  handler: async ({ body, host, idempotencyKey: sentKey }) => {
    const { timeout, idempotencyKey: key = sentKey, idempotencyKeyTTL } = body;
    const now = host.parts.clock.now();
    const until = now + durationMs(idempotencyKeyTTL, "idempotencyKeyTTL");
    const store = storeOf(host);
    const made = await store.create({
      now,
      token: {
        timeoutAt: dueTime(timeout, now, "timeout"),
        tags: body.tags,
        ...(key !== undefined && { idempotency: { key: resolveKey(key, undefined), until } }),
      },
    });
    const { publicUrl } = host;
    return {
      id: made.id,
      isCached: made.isCached ?? false,
      url:
        publicUrl === undefined ? null : tokenUrl(publicUrl, await store.secret({ now }), made.id),
      publicToken: await host.publicTokens.create({ scopes: [`write:token:${made.id}`] }),
    };
  },
});

export const completeWaitpoint = route({
  id: "waitpoints.complete",
  summary: "Completes a waitpoint token: the runs that wait for it go on with the data",
  role: "operator",
  scopes: ({ params: { tokenId } }) => [`write:token:${tokenId}`],
  params,
  body: z.strictObject({ data: json.optional() }).default({}),
  answer: token,
  handler: ({ params: { tokenId }, body, host }) => complete(host, tokenId, body.data),
});

export const completeByUrl = route({
  id: "waitpoints.callback",
  summary: "Completes a waitpoint token with the body; who has the address may",
  description: "The address is the `url` of the token. The whole body is the data.",
  role: "none",
  params: z.object({ tokenId: id, hash: z.string().max(200) }),
  body: json,
  answer: z.object({ success: z.literal(true) }),
  handler: async ({ params: { tokenId, hash }, body, host }) => {
    const secret = await storeOf(host).secret({ now: host.parts.clock.now() });
    if (!isTokenHash(secret, tokenId, hash)) notFound("token", tokenId);
    await complete(host, tokenId, body);
    return { success: true as const };
  },
});

async function complete(
  host: ServerHost,
  tokenId: string,
  data: unknown,
): Promise<z.input<typeof token>> {
  const store = storeOf(host);
  const output = packText(data, `The output of token ${tokenId}`, MAX_TOKEN_OUTPUT_BYTES);
  const now = host.parts.clock.now();
  const isDone = await store.complete({ now, id: tokenId, output });
  const found = (await store.retrieve(tokenId)) ?? notFound("token", tokenId);
  return isDone
    ? show(found, host.redact)
    : conflict(
        `the token ${tokenId}`,
        found.state === "waiting" ? "timedOut" : found.state,
        "completed",
      );
}
