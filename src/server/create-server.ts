import { LonghaulError } from "../core/errors.ts";
import type { ServerLink } from "../runs/hosting.ts";
import type { TaskQueue } from "../manager/index.ts";
import type { Longhaul } from "../runtime/longhaul.ts";
import { partsOf } from "../runtime/parts.ts";
import { AuditLog } from "./audit/audit-log.ts";
import { Auth } from "./auth/auth.ts";
import { withCors } from "./auth/cors.ts";
import { createPublicToken } from "./auth/create-public-token.ts";
import type { AuthOptions } from "./auth/options.ts";
import type { RequestInfo } from "./auth/request-info.ts";
import { LiveHub, type LiveOptions } from "./live/hub.ts";
import { OperationRunner } from "./operations/runner.ts";
import { OpenQueues } from "./open-queues.ts";
import { publicUrlOf } from "./public-url.ts";
import { createRedactor } from "./redact.ts";
import { createRouter } from "./router.ts";
import { withPublicDocs } from "./openapi/routes.ts";
import type { Route } from "./route.ts";
import { routes as ours } from "./routes/index.ts";
import type { ServerHost } from "./server-host.ts";

/** How to make a {@link LonghaulServer}. */
export interface ServerOptions {
  /**
   * Where it is mounted, such as "/jobs"; the API is below, at `/api/v1`. The mounts for Express, Fastify and Next find
   * it out by themselves.
   *
   * @default ""
   */
  readonly basePath?: string | undefined;
  /** Largest body of a request, in bytes. @default 1 MiB */
  readonly maxBodyBytes?: number | undefined;
  /**
   * Tasks that pages may start, pause and abort by their names, besides those of the engine. It has to be on the store
   * of the runtime; one with `workers: false` does. The server does not close it.
   *
   * @default none
   */
  readonly manager?: TaskQueue | undefined;
  /** Who may use it. @default those who have a token */
  readonly auth?: AuthOptions | undefined;
  /**
   * What of payloads, results and logs is shown to nobody, as paths such as "password", "card.number", "*.token" or
   * "$.user.email" (see {@link createRedactor}). What is stored stays as it is. @default nothing is hidden
   */
  readonly redact?: readonly string[] | undefined;
  /** How many live connections there may be. @default see {@link LiveOptions} */
  readonly live?: LiveOptions | undefined;
  /** Whether everybody may read what the API is like: its OpenAPI document, and the page at `/docs`. @default false */
  readonly publicDocs?: boolean | undefined;
  /**
   * Where it is reached from outside, `basePath` included: "https://example.com/jobs". Waitpoint tokens have a `url` then.
   *
   * @default env LONGHAUL_PUBLIC_URL, else unknown
   */
  readonly publicUrl?: string | undefined;
  /** Takes errors that are nobody's fault outside; the client is told nothing of them. @default writes them to stderr */
  readonly onError?: ((error: unknown, request: Request) => void) | undefined;
}

/** The HTTP side of a runtime: a fetch handler, for any server that knows `Request` and `Response`. */
export interface LonghaulServer {
  /** Answers a request. Never rejects. */
  fetch(request: Request, info?: RequestInfo): Promise<Response>;
  /** Ends live connections and long polls, and closes what the server opened. The runtime stays open. Idempotent. */
  close(): Promise<void>;
}

const MAX_BODY_BYTES = 1024 * 1024;
/** The version of the API is in its path. */
export const API_PATH = "/api/v1";

/**
 * The HTTP API of a runtime.
 *
 * @throws {LonghaulError} SERVER_BAD_OPTION, AUTH_BAD_OPTION
 *
 * @example
 * const longhaul = createLonghaul({ functions });
 * const server = createServer(longhaul);
 * export const GET = (request: Request) => server.fetch(request);
 */
export function createServer(longhaul: Longhaul, options: ServerOptions = {}): LonghaulServer {
  const { maxBodyBytes = MAX_BODY_BYTES, onError = writeToStderr } = options;
  const basePath = checkBasePath(options.basePath ?? "");
  if (!(maxBodyBytes > 0)) throw bad("maxBodyBytes is a number of bytes above 0");
  const publicUrl = publicUrlOf(options.publicUrl);
  const parts = partsOf(longhaul);
  const auth = new Auth(parts, options.auth);
  const closing = new AbortController();
  const queues = new OpenQueues(parts.connection);
  const routes: readonly Route[] = options.publicDocs === true ? withPublicDocs(ours) : ours;
  const redact = createRedactor(options.redact ?? []);
  const revokedTokens = (ids: readonly string[]) => auth.tokens.revoked(ids);
  const live = new LiveHub(
    { parts, redact, closing: closing.signal, revokedTokens, onError },
    options.live,
  );
  const operations = new OperationRunner(parts);
  operations.watch();
  const host: ServerHost = {
    longhaul,
    parts,
    queues,
    routes,
    auth,
    basePath,
    audit: new AuditLog(parts),
    redact,
    live,
    operations,
    manager: options.manager,
    publicUrl,
    publicTokens: {
      create: (wanted) => createPublicToken(longhaul, { secret: options.auth?.secret, ...wanted }),
    },
    closing: closing.signal,
  };
  // What the idioms make of it: addresses of tokens, `auth.createPublicToken`.
  const link: ServerLink = { publicUrl, createPublicToken: host.publicTokens.create };
  parts.engine.server = link;
  const pathOf = (request: Request, info: RequestInfo): string => {
    const path = info.path ?? withoutPrefix(new URL(request.url).pathname, basePath);
    return withoutPrefix(path, API_PATH);
  };
  const router = createRouter({ routes, host, auth, maxBodyBytes, pathOf, onError });
  const fetch = withCors(router, options.auth?.origins ?? []);
  let closed: Promise<void> | undefined;
  return {
    fetch: (request, info = {}) => fetch(request, info),
    close: () => {
      closing.abort();
      if (parts.engine.server === link) parts.engine.server = undefined;
      return (closed ??= operations.close().then(() => queues.close()));
    },
  };
}

/** What is elsewhere has a path that no route has. */
const withoutPrefix = (path: string, prefix: string): string =>
  path.startsWith(`${prefix}/`) ? path.slice(prefix.length) : "";

/** @throws {LonghaulError} SERVER_BAD_OPTION */
function checkBasePath(basePath: string): string {
  if (basePath === "" || /^(\/[^/?#]+)+$/.test(basePath)) return basePath;
  throw bad(`basePath is "" or a path such as "/jobs", not "${basePath}"`);
}

const bad = (reason: string): LonghaulError => new LonghaulError("SERVER_BAD_OPTION", { reason });

function writeToStderr(error: unknown): void {
  // oxlint-disable-next-line no-console -- nobody said where else to, and silence would hide what is broken
  console.error("longhaul: a request failed:", error);
}
