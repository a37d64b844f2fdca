import { randomUUID } from "node:crypto";
import { type Context, Hono } from "hono";
import { endpoints as ours } from "../client/endpoints/index.ts";
import { isLonghaulError, LonghaulError } from "../core/errors.ts";
import { type AuditSubject, audited } from "./audit/audited.ts";
import { finishAnswer, taggedJson } from "./answer.ts";
import type { Auth } from "./auth/auth.ts";
import { isSafe } from "./auth/origin.ts";
import type { RequestInfo } from "./auth/request-info.ts";
import { usingOnce } from "./auth/used-tokens.ts";
import { checkInput } from "./check-input.ts";
import { effectKeyOf, idempotent } from "./idempotency/idempotent.ts";
import { methodFinder, splitEndpoint } from "./methods.ts";
import { isAllowed, type Principal } from "./principal.ts";
import { problemOf } from "./problem.ts";
import { readBody } from "./read-body.ts";
import type { Route, RouteInput } from "./route.ts";
import type { ServerHost } from "./server-host.ts";

/** What the router is made of. */
export interface RouterOptions {
  readonly routes: readonly Route[];
  /** "METHOD /path" of each route, by its id. @default those of the API */
  readonly endpoints?: Readonly<Record<string, string>> | undefined;
  readonly host: ServerHost;
  readonly auth: Auth;
  /** Largest body of a request, in bytes. */
  readonly maxBodyBytes: number;
  /** The part of a request's path that chooses the route. */
  pathOf(request: Request, info: RequestInfo): string;
  /** Is told of errors that are nobody's fault outside. */
  onError(error: unknown, request: Request): void;
}

/** What Hono keeps beside a request. */
interface RouterEnv {
  Bindings: RequestInfo & { readonly requestId: string };
}

type AnyInput = RouteInput<unknown, unknown, unknown>;

const NOBODY: Principal = { kind: "public", name: "nobody", scopes: [] };
/** What a proxy may have called the request. */
const REQUEST_ID = /^[\w.:-]{1,100}$/;

/**
 * The routes as a fetch handler. A request is judged in this order, so that nobody learns more than is theirs to know:
 * who asks (401), whether they may (403), what they ask (400, 413, 415, 422), whether it was asked before (409), and then
 * the handler.
 */
export function createRouter(
  options: RouterOptions,
): (request: Request, info: RequestInfo) => Promise<Response> {
  const { routes, host, pathOf, onError, endpoints = ours } = options;
  const app = new Hono<RouterEnv>({
    getPath: (request, options) => pathOf(request, options!.env!),
  });
  const endpointOf = ({ id }: Route): string => (endpoints as Record<string, string>)[id]!;
  const methodsAt = methodFinder(routes.map(endpointOf));
  for (const route of routes) {
    const { method, path } = splitEndpoint(endpointOf(route));
    app.on(method, path, (context) => answer(route, context, options));
  }
  app.notFound(({ req }) => {
    const allowed = methodsAt(req.path);
    if (allowed.length === 0) return problemOf(new LonghaulError("SERVER_NO_ROUTE"));
    const allow = allowed.join(", ");
    if (req.method === "OPTIONS") return new Response(null, { status: 204, headers: { allow } });
    const details = { method: req.method, allowed: allow };
    const refusal = problemOf(new LonghaulError("SERVER_METHOD_NOT_ALLOWED", details));
    refusal.headers.set("allow", allow);
    return refusal;
  });
  app.onError((error, { req }) => {
    if (isAbort(error, req.raw, host.closing))
      return problemOf(new LonghaulError("SERVER_CLOSING"));
    const isExpected = isLonghaulError(error) && (error.status < 500 || error.retryable);
    if (!isExpected) onError(error, req.raw);
    return problemOf(error);
  });
  return async (request, info) => {
    const given = request.headers.get("x-request-id") ?? "";
    const requestId = REQUEST_ID.test(given) ? given : randomUUID();
    // What it had open is closed; an answer would open it again.
    if (host.closing.aborted)
      return finishAnswer(problemOf(new LonghaulError("SERVER_CLOSING")), requestId);
    return finishAnswer(await app.fetch(request, { ...info, requestId }), requestId);
  };
}

async function answer(
  route: Route,
  context: Context<RouterEnv>,
  options: RouterOptions,
): Promise<Response> {
  const { auth, host } = options;
  const { raw: request } = context.req;
  const { env } = context;
  if (route.role === "none") return act(route, NOBODY, context, options);
  const principal = await auth.authenticate(request, env);
  if (principal === undefined) throw new LonghaulError("SERVER_UNAUTHENTICATED");
  if (isReading(route, request)) return act(route, principal, context, options);
  let object = Object.values(context.req.param()).join(" ");
  const understood = (input: AnyInput): void => {
    object = route.audit?.(input) ?? object;
  };
  const who = { principal, address: auth.addressOf(request, env), requestId: env.requestId };
  const subject = (): AuditSubject => ({ ...who, action: route.id, object });
  return audited(host.audit, subject, () => act(route, principal, context, options, understood));
}

async function act(
  route: Route,
  principal: Principal,
  context: Context<RouterEnv>,
  { host, maxBodyBytes }: RouterOptions,
  understood: (input: AnyInput) => void = () => {},
): Promise<Response> {
  const request = context.req.raw;
  const isRoleEnough = route.role === "none" || isAllowed(principal, route.role);
  const mayScopesDo = route.scopes !== undefined && principal.scopes.length > 0;
  if (!isRoleEnough && !mayScopesDo) throw forbidden(route);
  const { params, query, body } = checkInput(route, {
    params: context.req.param(),
    query: context.req.query(),
    body: await readBody(request, maxBodyBytes),
  });
  const effectKey = keyOf(route, principal, request);
  const input: AnyInput = {
    ...{ params, query, body, principal, host, request, idempotencyKey: effectKey },
    info: context.env,
    requestId: context.env.requestId,
    // Made when it is asked for: most handlers wait for nothing that could be given up.
    get signal() {
      return AbortSignal.any([request.signal, host.closing]);
    },
  };
  if (!isRoleEnough && !isAllowed(principal, route.role, await route.scopes!(input)))
    throw forbidden(route);
  understood(input);
  const handle = async (): Promise<Response> =>
    toResponse(route, await route.handler(input), request);
  if (isReading(route, request)) return handle();
  const handleOnce = (): Promise<Response> => usingOnce(host.parts, principal, handle);
  if (effectKey === undefined) return handleOnce();
  const keyed = { effectKey, request, body, isSecret: route.isSecret ?? false };
  return idempotent(host.parts, keyed, handleOnce);
}

/** Whether it changes nothing. */
const isReading = (route: Route, request: Request): boolean =>
  route.isReading === true || isSafe(request);

/** Who is nobody has no keys of his own. Other methods than POST may be repeated as they are. */
function keyOf({ role }: Route, principal: Principal, request: Request): string | undefined {
  const header = request.method === "POST" ? request.headers.get("idempotency-key") : null;
  return header === null || role === "none" ? undefined : effectKeyOf(principal, header);
}

const forbidden = ({ role }: Route): LonghaulError =>
  new LonghaulError("SERVER_FORBIDDEN", { needed: role });

function toResponse(route: Route, answered: unknown, request: Request): Response {
  if (answered instanceof Response) return answered;
  const status = route.status ?? 200;
  if (status === 204) return new Response(null, { status });
  if (status !== 200 || !["GET", "HEAD"].includes(request.method))
    return Response.json(answered, { status });
  return taggedJson(JSON.stringify(answered), request.headers.get("if-none-match"));
}

/** Whether an error only says that somebody stopped waiting: the client, or the server because it closes. */
const isAbort = (error: unknown, { signal }: Request, closing: AbortSignal): boolean =>
  [signal, closing].some(
    ({ aborted, reason }) =>
      aborted && (error === reason || (error as Partial<Error> | null)?.name === "AbortError"),
  );
