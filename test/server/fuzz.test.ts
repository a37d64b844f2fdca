import fc from "fast-check";
import { expect, test } from "vitest";
import { endpoints, type EndpointId } from "../../src/client/endpoints/index.ts";
import { splitEndpoint } from "../../src/server/methods.ts";
import { contract } from "./contract-table.ts";
import { openWorld } from "./world.ts";

/** Whatever may stand where a text is expected. */
const oddText = fc.oneof(
  fc.string(),
  fc.string({ unit: "binary" }),
  fc.constantFrom("", " ", ".", "..", "%", "%zz", "%2F", "%00", "\u0000", "__proto__", "\ud800"),
  fc.constantFrom("-1", "0", "1e999", "9007199254740993", "NaN", "null", "true", "a,b,,", "[]"),
  fc.constantFrom("'; DROP TABLE job; --", '"', "*", "after:", "queue:mail data.a:1", "(((("),
  fc.constant("x".repeat(5_000)),
);
const json = fc.oneof(
  fc.jsonValue({ maxDepth: 4 }),
  fc.dictionary(
    fc.constantFrom("name", "data", "opts", "jobs", "filter", "action", "target", "topics", "task"),
    fc.jsonValue({ maxDepth: 3 }),
  ),
);
/** Bodies as they are sent; some are no JSON. */
const oddBody = fc.oneof(
  fc.constant(undefined),
  json.map((value) => JSON.stringify(value)),
  oddText,
  fc.constantFrom("{", "[1,", '{"__proto__":{"a":1}}', "[".repeat(10_000), "\ufeff{}", "1e400"),
);
const oddHeaders = fc.dictionary(
  fc.constantFrom(
    ...["content-type", "idempotency-key", "if-none-match", "prefer", "last-event-id"],
    ...["x-request-id", "origin", "accept", "range", "x-forwarded-for", "cookie"],
  ),
  fc.oneof(
    fc.string().map((text) => text.replaceAll(/[^\x20-\x7e]/g, "")),
    fc.constantFrom("application/json", "text/plain", "wait=0", "*", "http://evil.example", "0:0"),
  ),
  { maxKeys: 3 },
);
const method = fc.constantFrom("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "QUERY");

test("no request makes the server fail, and every refusal is a problem document", async () => {
  const world = await openWorld();
  const ids = Object.keys(endpoints) as EndpointId[];
  // Places that exist, so that not all ends at "there is no such thing".
  const known = new Map<EndpointId, Readonly<Record<string, unknown>>>();
  for (const id of ids) known.set(id, await contract[id](world));

  /** A path like that of an endpoint: its parts are those that exist, or others. */
  const target = (id: EndpointId) => {
    const { path } = splitEndpoint(endpoints[id]);
    const names = [...path.matchAll(/:(\w+)/g)].map(([, name]) => name!);
    const part = (name: string) =>
      fc.oneof(fc.constant(String(known.get(id)![name])), oddText.map(encode));
    return fc
      .tuple(...names.map(part))
      .map((parts) =>
        names.reduce((to, name, at) => to.replace(`:${name}`, () => parts[at]!), path),
      );
  };
  const query = fc.dictionary(
    fc.constantFrom("limit", "cursor", "q", "state", "wait", "from", "to", "topics", "tag", "x"),
    oddText,
    { maxKeys: 3 },
  );
  const request = fc.constantFrom(...ids).chain((id) =>
    fc.record({
      path: target(id),
      query,
      method: fc.oneof(fc.constant(splitEndpoint(endpoints[id]).method), method),
      body: fc.oneof(fc.constant(asText(known.get(id)!["body"])), oddBody),
      headers: oddHeaders,
      as: fc.constantFrom(
        "the-admin",
        "the-admin",
        "the-operator",
        "the-viewer",
        "the-guest",
        null,
      ),
    }),
  );

  await fc.assert(
    fc.asyncProperty(request, async ({ path, query: asked, method: verb, body, headers, as }) => {
      const search = new URLSearchParams(
        Object.entries(asked).map(([name, text]) => [name, text]),
      ).toString();
      const hasBody = verb !== "GET" && verb !== "HEAD" && body !== undefined;
      const sent = new Request(`http://localhost/api/v1${path}${search && `?${search}`}`, {
        method: verb,
        headers: {
          ...(hasBody && { "content-type": "application/json" }),
          ...headers,
          ...(as !== null && { authorization: `Bearer ${as}` }),
        },
        ...(hasBody && { body }),
      });
      const answer = await world.server.fetch(sent);
      expect(world.errors).toEqual([]);
      expect(await whatIsWrong(answer, verb)).toBeUndefined();
    }),
    { numRuns: 3_000 },
  );
}, 120_000);

/** Anything but success, or a refusal with a problem document. */
async function whatIsWrong(answer: Response, verb: string): Promise<unknown> {
  const { status } = answer;
  if (status >= 500) return { status, text: await answer.text() };
  if (status < 400 || verb === "HEAD") {
    await answer.body?.cancel();
    return undefined;
  }
  const type = answer.headers.get("content-type");
  const problem = (await answer.json()) as { status?: unknown };
  if (type !== "application/problem+json" || problem.status !== status) return { type, problem };
  return undefined;
}

const asText = (body: unknown): string | undefined =>
  body === undefined ? undefined : JSON.stringify(body);

/** Into one part of a path; half of a character has no encoding. */
function encode(text: string): string {
  try {
    return encodeURIComponent(text);
  } catch {
    return "%ED%A0%80";
  }
}
