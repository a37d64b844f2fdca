import { Hono } from "hono";
import type { z } from "zod";
import { endpoints } from "../client/endpoints/index.ts";
import { LonghaulError } from "../core/errors.ts";
import type { Auth, RequestInfo } from "./auth/auth.ts";
import { isAllowed, type Principal } from "./principal.ts";
import { problemOf } from "./problem.ts";
import { readBody } from "./read-body.ts";
import type { Route, RouteInput } from "./route.ts";
import type { ServerHost } from "./server-host.ts";

/** What the router is made of. */
export interface RouterOptions {
  readonly routes: readonly Route[];
  readonly host: ServerHost;
  readonly auth: Auth;
  /** Largest body of a request, in bytes. */
  readonly maxBodyBytes: number;
}

/** What Hono keeps beside a request. */
export interface RouterEnv {
  Bindings: RequestInfo;
}

const NOBODY: Principal = { kind: "public", name: "nobody", scopes: [] };

/** The routes as a Hono app. */
export function createRouter({ routes, host, auth, maxBodyBytes }: RouterOptions): Hono<RouterEnv> {
  const app = new Hono<RouterEnv>();
  for (const route of routes) {
    const [method, path] = endpoints[route.id].split(" ") as [string, string];
    app.on(method, path, async (context) => {
      const request = context.req.raw;
      const principal =
        (await auth.authenticate(request, context.env)) ??
        (route.role === "none" ? NOBODY : undefined);
      if (principal === undefined) throw new LonghaulError("SERVER_UNAUTHENTICATED");
      const input: RouteInput<unknown, unknown, unknown> = {
        params: check(route.params, context.req.param(), "/path"),
        query: check(route.query, context.req.query(), "/query"),
        body: check(route.body, await readBody(request, maxBodyBytes), ""),
        principal,
        host,
        request,
        signal: AbortSignal.any([request.signal, host.closing]),
      };
      if (route.role !== "none") {
        const isRoleEnough = isAllowed(principal, route.role);
        if (!isRoleEnough && !isAllowed(principal, route.role, await route.scopes?.(input)))
          throw new LonghaulError("SERVER_FORBIDDEN", { needed: route.role });
      }
      const answer = await route.handler(input);
      if (answer instanceof Response) return answer;
      if (route.status === 204) return new Response(null, { status: 204 });
      return Response.json(answer, { status: route.status ?? 200 });
    });
  }
  app.notFound(() => problemOf(new LonghaulError("SERVER_NO_ROUTE")));
  app.onError((error) => problemOf(error));
  return app;
}

/** @throws {RequestInvalid} */
function check(schema: z.ZodType | undefined, value: unknown, base: string): unknown {
  if (schema === undefined) return value;
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const pointer = `#${base}${issue!.path.map((part) => `/${String(part)}`).join("")}`;
  throw new LonghaulError("SERVER_INVALID_REQUEST", { pointer, reason: issue!.message });
}
