import { z } from "zod";
import { route } from "../../route.ts";
import { id, json } from "./fields.ts";
import { findRun, runScopes } from "./find-run.ts";
import { plainText } from "./plain-value.ts";

/** What a run says bit by bit. */

export const streams = route({
  id: "runs.streams",
  summary: "The names of a run's streams",
  role: "viewer",
  scopes: runScopes,
  params: z.object({ runId: id }),
  answer: z.object({ data: z.array(z.object({ name: z.string() })) }),
  handler: async ({ params: { runId }, host }) => {
    const names = await host.parts.runs.stores.streams.names(runId);
    if (names.length === 0) await findRun(host, runId);
    return { data: names.map((name) => ({ name })) };
  },
});

export const stream = route({
  id: "runs.stream",
  summary: "Chunks of a stream from an index on",
  description: "A stream that nothing was written to yet is empty and open.",
  role: "viewer",
  scopes: runScopes,
  params: z.object({ runId: id, stream: id }),
  query: z.strictObject({
    from: z.coerce.number().int().min(0).default(0),
    limit: z.coerce.number().int().min(1).max(1_000).default(100),
  }),
  answer: z.object({
    chunks: z.array(json),
    /** Where the next page begins. */
    next: z.int(),
    isClosed: z.boolean(),
  }),
  handler: async ({ params: { runId, stream: name }, query, host }) => {
    await findRun(host, runId);
    const { chunks, next, isClosed } = await host.parts.runs.stores.streams.read({
      ...{ runId, stream: name, ...query },
    });
    return { chunks: chunks.map((chunk) => host.redact(plainText(chunk))), next, isClosed };
  },
});
