import { z } from "zod";
import { metricsRoute } from "../../metrics/route.ts";
import { docsRoutes } from "../../openapi/routes.ts";
import { route } from "../../route.ts";

/** Whether the process lives, and whether it works, for load balancers and supervisors; what there is to ask for. */
export const systemRoutes = [
  route({
    id: "system.health",
    summary: "Whether the process lives",
    role: "none",
    answer: z.object({ ok: z.literal(true) }),
    handler: () => ({ ok: true as const }),
  }),
  route({
    id: "system.readiness",
    summary: "Whether it takes work: started, and the store can be written",
    role: "none",
    answer: z.object({ ok: z.boolean() }),
    handler: async ({ host }) => {
      const { ok } = await host.longhaul.health();
      return Response.json({ ok }, { status: ok ? 200 : 503 });
    },
  }),
  metricsRoute,
  ...docsRoutes,
] as const;
