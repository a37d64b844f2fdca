import type { z } from "zod";
import type { EndpointId } from "../client/endpoints/index.ts";
import type { RequestInfo } from "./auth/request-info.ts";
import type { Principal, Role } from "./principal.ts";
import type { ServerHost } from "./server-host.ts";

/** What a handler is given: what was asked, already checked, and who asks. */
export interface RouteInput<Params, Query, Body> {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  readonly principal: Principal;
  readonly host: ServerHost;
  readonly request: Request;
  readonly info: RequestInfo;
  /** Names the request in logs, in the audit log, and in the answer's `x-request-id`. */
  readonly requestId: string;
  /**
   * The same each time a POST is sent again with its Idempotency-Key; undefined without one. A handler makes its effect
   * idempotent with it, because after a crash it may be called again.
   */
  readonly idempotencyKey: string | undefined;
  /** Aborts when the client goes away or the server closes. */
  readonly signal: AbortSignal;
}

/** What may be said about a route; all of it is data, for the router, the OpenAPI document and the client. */
export interface Route<
  Id extends EndpointId = EndpointId,
  Params extends z.ZodType = z.ZodType,
  Query extends z.ZodType = z.ZodType,
  Body extends z.ZodType = z.ZodType,
  Answer extends z.ZodType = z.ZodType,
> {
  readonly id: Id;
  /** One line, for the document. */
  readonly summary: string;
  readonly description?: string | undefined;
  /** The role that suffices; `none`: everybody, also without a token. */
  readonly role: Role | "none";
  /** Scopes that suffice as well, for public tokens. */
  readonly scopes?:
    | ((
        input: RouteInput<z.output<Params>, z.output<Query>, z.output<Body>>,
      ) => readonly string[] | Promise<readonly string[]>)
    | undefined;
  readonly params?: Params | undefined;
  readonly query?: Query | undefined;
  readonly body?: Body | undefined;
  /** The shape of the answer. A handler may also answer with a Response of its own (streams, text). */
  readonly answer: Answer;
  /** @default 200 */
  readonly status?: 200 | 201 | 202 | 204 | undefined;
  /** The content type of a handler's own Response, where it is not JSON. */
  readonly contentType?: string | undefined;
  /** Whether a POST changes nothing: it is not audited, and not kept for who repeats it. @default false */
  readonly isReading?: boolean | undefined;
  /** Whether the answer holds a secret, so that it is not kept for who repeats the request. @default false */
  readonly isSecret?: boolean | undefined;
  /** What the audit log names the action and its object, for routes that change something. */
  readonly audit?:
    ((input: RouteInput<z.output<Params>, z.output<Query>, z.output<Body>>) => string) | undefined;
  handler(
    input: RouteInput<z.output<Params>, z.output<Query>, z.output<Body>>,
  ): Promise<z.input<Answer> | Response> | z.input<Answer> | Response;
}

/** Writes a route down; for its types only. */
export const route = <
  const Id extends EndpointId,
  Answer extends z.ZodType,
  Params extends z.ZodType = z.ZodType<Record<string, never>>,
  Query extends z.ZodType = z.ZodType<Record<string, never>>,
  Body extends z.ZodType = z.ZodType<undefined>,
>(
  definition: Route<Id, Params, Query, Body, Answer>,
): Route<Id, Params, Query, Body, Answer> => definition;
