import { z } from "zod";
import { route } from "../route.ts";
import type { ServerHost } from "../server-host.ts";
import { createMetrics, type Metrics } from "./create-metrics.ts";

const TEXT = "text/plain; version=0.0.4; charset=utf-8";

/** Made at the first scrape: who scrapes nothing has nothing counted. */
const ofServers = new WeakMap<ServerHost, Metrics>();

/** The metrics of a server, for Prometheus. */
export const metricsRoute = route({
  id: "system.metrics",
  summary: "Metrics, in Prometheus' text format",
  role: "viewer",
  answer: z.string(),
  contentType: TEXT,
  handler: async ({ host }) => {
    let metrics = ofServers.get(host);
    if (metrics === undefined) {
      metrics = createMetrics(host.parts);
      ofServers.set(host, metrics);
      host.closing.addEventListener("abort", metrics.close, { once: true });
    }
    const text = await metrics.render();
    return new Response(text, { headers: { "content-type": metrics.contentType } });
  },
});
