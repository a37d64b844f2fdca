import { z } from "zod";
import { decodeCursor, pageOf, pageQuery, toPage } from "../../pages.ts";
import { route } from "../../route.ts";
import { isoTime, role, toIso } from "./shapes.ts";

const outcome = z.enum(["done", "refused", "failed"]);

const entry = z.object({
  id: z.string(),
  at: isoTime,
  kind: z.enum(["local", "token", "public", "host"]),
  actor: z.string(),
  /** The id of the token that it was done with. */
  actorId: z.string().nullable(),
  role: role.nullable(),
  /** The id of the route. */
  action: z.string(),
  object: z.string(),
  outcome,
  status: z.int(),
  code: z.string().nullable(),
  address: z.string().nullable(),
  requestId: z.string(),
});

export const auditList = route({
  id: "audit.list",
  summary: "Who did what, the newest first; of the last 90 days",
  role: "admin",
  query: z.strictObject({
    ...pageQuery,
    actor: z.string().optional(),
    action: z.string().optional(),
    outcome: outcome.optional(),
  }),
  answer: pageOf(entry),
  handler: async ({ query, host }) => {
    const { limit, cursor, ...filter } = query;
    const key = decodeCursor(cursor, ["number"]);
    const beforeId = key?.[0] as number | undefined;
    const entries = await host.audit.list({ ...filter, beforeId, limit: limit + 1 });
    return toPage(
      entries,
      limit,
      ({ id }) => [id],
      (row) => ({
        ...row,
        id: String(row.id),
        at: toIso(row.at),
        actorId: row.actorId ?? null,
        role: row.role ?? null,
        code: row.code ?? null,
        address: row.address ?? null,
      }),
    );
  },
});
