import { z } from "zod";
import { LonghaulError } from "../../../core/errors.ts";
import { route } from "../../route.ts";

/** Runs, functions, events and schedules. */
export const runRoutes = [
  route({
    id: "runs.get",
    summary: "A run",
    role: "viewer",
    scopes: ({ params }) => [`read:run:${params.runId}`],
    params: z.object({ runId: z.string() }),
    answer: z.object({ id: z.string(), functionId: z.string(), state: z.string() }),
    handler: async ({ params, host }) => {
      const run = await host.longhaul.getRun(params.runId);
      if (run === undefined)
        throw new LonghaulError("SERVER_NOT_FOUND", { what: `run ${params.runId}` });
      return { id: run.id, functionId: run.functionId, state: run.state };
    },
  }),
] as const;
