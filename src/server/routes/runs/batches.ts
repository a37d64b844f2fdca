import { z } from "zod";
import { route } from "../../route.ts";
import { id, iso, isoOrNull, stateCounts, time } from "./fields.ts";
import { notFound } from "./find-run.ts";

export const oneBatch = route({
  id: "batches.get",
  summary: "Runs that were started together",
  role: "viewer",
  scopes: ({ params: { batchId } }) => [`read:batch:${batchId}`],
  params: z.object({ batchId: id }),
  answer: z.object({
    id: z.string(),
    /** "completed" once all its runs are over, whatever came of them. */
    state: z.enum(["pending", "completed"]),
    createdAt: time,
    finishedAt: time.nullable(),
    runCount: z.int(),
    /** In the order of their starts. */
    runIds: z.array(z.string()),
    counts: stateCounts,
  }),
  handler: async ({ params: { batchId }, host }) => {
    const found = await host.parts.engine.stores.batches.retrieve(batchId);
    const { createdAt, finishedAt, count, runIds, counts } = found ?? notFound("batch", batchId);
    return {
      id: batchId,
      state: finishedAt === undefined ? ("pending" as const) : ("completed" as const),
      createdAt: iso(createdAt),
      finishedAt: isoOrNull(finishedAt),
      runCount: count,
      runIds: [...runIds],
      counts,
    };
  },
});
