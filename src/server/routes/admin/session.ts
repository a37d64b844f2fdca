import { z } from "zod";
import { LonghaulError } from "../../../core/errors.ts";
import { SESSION_MS } from "../../auth/login-sessions.ts";
import { sessionCookie, setSessionCookie } from "../../auth/cookie.ts";
import { route } from "../../route.ts";
import { isoTime, role, toIsoOrNull } from "./shapes.ts";

/** Who is logged in, as pages ask for it to know what to offer. */
const me = z.object({
  kind: z.enum(["local", "token", "public", "host"]),
  name: z.string(),
  role: role.nullable(),
  scopes: z.array(z.string()),
  expiresAt: isoTime.nullable(),
});

export const meGet = route({
  id: "me.get",
  summary: "Who asks, and what they may",
  role: "viewer",
  // Everybody may know that much of themselves.
  scopes: ({ principal }) => principal.scopes,
  answer: me,
  handler: ({ principal }) => ({
    kind: principal.kind,
    name: principal.name,
    role: principal.role ?? null,
    scopes: [...principal.scopes],
    expiresAt: toIsoOrNull(principal.expiresAt),
  }),
});

export const sessionCreate = route({
  id: "session.create",
  summary: "Logs a browser in: a token for a cookie",
  role: "none",
  body: z.strictObject({ token: z.string().min(1).max(1000) }),
  answer: z.object({ name: z.string(), role: role.nullable() }),
  status: 201,
  handler: async ({ body, request, info, requestId, host }) => {
    const { auth, audit, basePath } = host;
    auth.requireOwnPage(request);
    const login = auth.checkLogin(body.token, request, info);
    if (login === undefined) throw new LonghaulError("SERVER_UNAUTHENTICATED");
    const { principal, hash } = login;
    const value = await auth.sessions.create(hash);
    const address = auth.addressOf(request, info);
    const what = { action: "session.create", object: "", status: 201 };
    await audit.write({ principal, ...what, address, requestId });
    const cookie = setSessionCookie(request, { value, path: basePath, maxAgeMs: SESSION_MS });
    const { name, role = null } = principal;
    return Response.json({ name, role }, { status: 201, headers: { "set-cookie": cookie } });
  },
});

export const sessionDelete = route({
  id: "session.delete",
  summary: "Logs the browser out",
  role: "none",
  answer: z.undefined(),
  status: 204,
  handler: async ({ request, host }) => {
    host.auth.requireOwnPage(request);
    const secret = sessionCookie(request);
    if (secret !== undefined) await host.auth.sessions.end(secret);
    const cookie = setSessionCookie(request, { value: "", path: host.basePath, maxAgeMs: 0 });
    return new Response(null, { status: 204, headers: { "set-cookie": cookie } });
  },
});
