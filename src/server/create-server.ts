import { Hono } from "hono";
import type { Longhaul } from "../runtime/longhaul.ts";
import { partsOf } from "../runtime/parts.ts";
import type { Auth, RequestInfo } from "./auth/auth.ts";
import { principalOfHost } from "./auth/host-user.ts";
import type { AuthOptions } from "./auth/options.ts";
import { OpenQueues } from "./open-queues.ts";
import { createRouter, type RouterEnv } from "./router.ts";
import { routes } from "./routes/index.ts";
import type { ServerHost } from "./server-host.ts";

/** How to make a {@link LonghaulServer}. */
export interface ServerOptions {
  /** Where it is mounted, such as "/jobs"; the API is below, at `/api/v1`. @default "" */
  readonly basePath?: string | undefined;
  /** Largest body of a request, in bytes. @default 1 MiB */
  readonly maxBodyBytes?: number | undefined;
  /** Who may use it. @default those who have a token */
  readonly auth?: AuthOptions | undefined;
}

/** The HTTP side of a runtime: a fetch handler, for any server that knows `Request` and `Response`. */
export interface LonghaulServer {
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
 * @example
 * const longhaul = createLonghaul({ functions });
 * const server = createServer(longhaul);
 * export const GET = (request: Request) => server.fetch(request);
 */
export function createServer(longhaul: Longhaul, options: ServerOptions = {}): LonghaulServer {
  const { basePath = "", maxBodyBytes = MAX_BODY_BYTES } = options;
  const parts = partsOf(longhaul);
  const closing = new AbortController();
  const queues = new OpenQueues(parts.connection);
  const host: ServerHost = {
    longhaul,
    parts,
    queues,
    redact: (payload) => payload,
    closing: closing.signal,
  };
  // Closed by default: until somebody says who may, nobody may.
  const auth: Auth = {
    authenticate: async (request, info) =>
      principalOfHost(await options.auth?.authorize?.(request, info)),
  };
  const app = new Hono<RouterEnv>().basePath(basePath);
  app.route(API_PATH, createRouter({ routes, host, auth, maxBodyBytes }));
  let closed: Promise<void> | undefined;
  return {
    fetch: async (request, info = {}) => app.fetch(request, info),
    close: () => {
      closing.abort();
      return (closed ??= queues.close());
    },
  };
}
