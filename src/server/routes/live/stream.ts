import { z } from "zod";
import { LonghaulError } from "../../../core/errors.ts";
import { type LiveRequest, MAX_TOPICS } from "../../live/hub.ts";
import { checkTopics, scopesOf, splitTopics } from "../../live/scopes.ts";
import { parseTopic } from "../../live/topic-name.ts";
import { route, type RouteInput } from "../../route.ts";
import { runScopes } from "../runs/find-run.ts";

const DEFAULT_THROTTLE_MS = 100;
const MAX_THROTTLE_MS = 60_000;

const throttleMs = z.coerce
  .number()
  .int()
  .min(0)
  .max(MAX_THROTTLE_MS)
  .default(DEFAULT_THROTTLE_MS)
  .describe("Progress and counters of a topic come at most once in this time; 0: each of them");
const lastEventId = z
  .string()
  .optional()
  .describe(
    "The last id that was received; the header Last-Event-ID says the same, and counts more",
  );
const description = `Server-Sent Events. The first message of a topic is its snapshot, those after it are patches to
it; who connects again with the last id gets what came after it. Topics: job:<queue>:<id>, queue:<name>,
counts:<name>, run:<id>, stream:<run>:<key>, function:<id>, task:<id>, tag:<tag>, batch:<id>, stats.`;
const answer = z.string();
const contentType = "text/event-stream";

const HEADERS = {
  "content-type": contentType,
  // Proxies neither keep nor gather nor compress it.
  "cache-control": "no-cache, no-transform",
  "x-accel-buffering": "no",
} as const;

interface Wanted {
  readonly topics: readonly string[];
  readonly throttleMs: number;
  readonly lastEventId?: string | undefined;
}

async function open(
  input: RouteInput<unknown, unknown, unknown>,
  wanted: Wanted,
): Promise<Response> {
  const { host, principal } = input;
  await checkTopics(principal, wanted.topics, (runId) => runScopes({ params: { runId }, host }));
  return start(input, wanted);
}

function start(
  { host, principal, request }: RouteInput<unknown, unknown, unknown>,
  wanted: Wanted & Pick<LiveRequest, "refused">,
): Response {
  // Nobody would read it, nor say that he has gone.
  if (request.method === "HEAD") return new Response(null, { headers: HEADERS });
  const stream = host.live.open({
    ...wanted,
    lastEventId: request.headers.get("last-event-id") ?? wanted.lastEventId,
    principal,
    request,
  });
  return new Response(stream, { headers: HEADERS });
}

/** Those of all topics: whether each may be followed is looked at when it is opened. */
const scopesOfAll = async (
  topics: readonly string[],
  input: RouteInput<unknown, unknown, unknown>,
): Promise<string[]> => {
  const { host } = input;
  const scopes = topics.map(async (text) => {
    const topic = parseTopic(text);
    const isOfRun = topic.kind === "run" || topic.kind === "stream";
    return isOfRun ? runScopes({ params: { runId: topic.runId }, host }) : scopesOf(topic);
  });
  return (await Promise.all(scopes)).flat();
};

/** A list with commas, without what is empty. */
const topicList = z
  .string()
  .transform((text) => text.split(",").filter((topic) => topic !== ""))
  .pipe(z.array(z.string()).min(1))
  .describe("Topics with commas between; for names that hold commas there is POST");

export const openStream = route({
  id: "live.open",
  summary: "Live updates of some topics",
  description,
  role: "viewer",
  scopes: (input) => scopesOfAll(input.query.topics, input),
  query: z.strictObject({ topics: topicList, throttleMs, lastEventId }),
  answer,
  contentType,
  handler: (input) => open(input, input.query),
});

export const postStream = route({
  id: "live.post",
  summary: "Live updates, for long lists of topics",
  description,
  role: "viewer",
  isReading: true,
  // Which topics may be followed turns out one by one, where that is wanted.
  scopes: (input) =>
    input.body.isPartial ? input.principal.scopes : scopesOfAll(input.body.topics, input),
  body: z.strictObject({
    topics: z.array(z.string()).min(1).max(MAX_TOPICS),
    throttleMs,
    lastEventId,
    isPartial: z
      .boolean()
      .default(false)
      .describe("Follows what may be followed; of the others, a message `refused` says why not"),
    tokens: z
      .array(z.string())
      .max(MAX_TOPICS)
      .default([])
      .describe("Public tokens whose scopes count besides; only with isPartial"),
  }),
  answer,
  contentType,
  handler: (input) => (input.body.isPartial ? openPartly(input) : open(input, input.body)),
});

/** @throws {LonghaulError} SERVER_FORBIDDEN if none of the topics may be followed */
async function openPartly(
  input: RouteInput<unknown, unknown, Wanted & { readonly tokens: readonly string[] }>,
): Promise<Response> {
  const { host, body } = input;
  const { tokens, topics, ...wanted } = body;
  const given = await Promise.all(tokens.map((token) => host.auth.publicToken(token)));
  const all = [input.principal, ...given.filter((principal) => principal !== undefined)];
  const principal = {
    ...input.principal,
    scopes: all.flatMap(({ scopes }) => scopes),
    // The connection is over with the first of them; the client comes back with what it then has.
    expiresAt: minOf(all.flatMap(({ expiresAt }) => expiresAt ?? [])),
  };
  const scopesOfRun = (runId: string): Promise<string[]> => runScopes({ params: { runId }, host });
  const { allowed, refused } = await splitTopics(principal, topics, scopesOfRun);
  if (allowed.length === 0) throw new LonghaulError("SERVER_FORBIDDEN", { needed: "viewer" });
  return start({ ...input, principal }, { ...wanted, topics: allowed, refused });
}

const minOf = (times: readonly number[]): number | undefined =>
  times.length === 0 ? undefined : Math.min(...times);
