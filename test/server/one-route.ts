import { onTestFinished } from "vitest";
import { z } from "zod";
import { createLonghaul, type LonghaulOptions } from "../../src/index.ts";
import { partsOf } from "../../src/runtime/parts.ts";
import { AuditLog } from "../../src/server/audit/audit-log.ts";
import { Auth } from "../../src/server/auth/auth.ts";
import type { Route } from "../../src/server/route.ts";
import { createRouter } from "../../src/server/router.ts";
import type { ServerHost } from "../../src/server/server-host.ts";
import { type Call, requestOf, userOf } from "./kit.ts";

/** What the route of {@link openRouter} is at. */
export const ADDRESS = "http://localhost/things/1";

/** A router with one route, `<method> /things/:id`. */
export function openRouter(
  { method = "GET", ...one }: Partial<Route> & { method?: string },
  runtime: LonghaulOptions = {},
) {
  const errors: unknown[] = [];
  const longhaul = createLonghaul({ url: ":memory:", ...runtime });
  const parts = partsOf(longhaul);
  const closing = new AbortController();
  onTestFinished(() => longhaul.close());
  const id = "runs.get";
  const answer = z.unknown();
  const params = z.object({ id: z.string() });
  const given = { id, summary: "", role: "viewer", params, answer, handler: () => ({}), ...one };
  const handle = createRouter({
    routes: [given as Route],
    endpoints: { [id]: `${method} /things/:id` },
    host: {
      ...{ longhaul, parts, audit: new AuditLog(parts), closing: closing.signal },
    } as Partial<ServerHost> as ServerHost,
    auth: new Auth(parts, { authorize: userOf }),
    maxBodyBytes: 1_000,
    pathOf: (request) => new URL(request.url).pathname,
    onError: (error) => errors.push(error),
  });
  const fetch = (call: Call = {}, url = ADDRESS) => handle(requestOf(url, { method, ...call }), {});
  return { errors, closing, fetch };
}
