import { onTestFinished } from "vitest";
import { createLonghaul, type Longhaul, type LonghaulOptions } from "../../src/index.ts";
import type { HostUser } from "../../src/server/auth/options.ts";
import {
  createServer,
  type LonghaulServer,
  type ServerOptions,
} from "../../src/server/create-server.ts";

/** Who the host application of these tests knows, by their tokens. */
export const users: Readonly<Record<string, HostUser>> = {
  "the-admin": { name: "ada", role: "admin" },
  "the-operator": { name: "oskar", role: "operator" },
  "the-viewer": { name: "vera", role: "viewer" },
  "the-guest": { name: "gus", scopes: ["read:run:none"] },
};

/** A request to the API; `as` is one of {@link users}. */
export interface Call {
  readonly method?: string | undefined;
  readonly body?: unknown;
  readonly as?: string | null | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** A runtime and its server. */
export interface ServerKit {
  readonly longhaul: Longhaul;
  readonly server: LonghaulServer;
  /** What was reported to `onError`. */
  readonly errors: unknown[];
  /** Calls a path below the API, as the admin if nobody else is named. */
  call(path: string, call?: Call): Promise<Response>;
}

/** Opens both on a store in memory; they are closed when the running test ends. */
export function openServer(options: ServerOptions = {}, runtime: LonghaulOptions = {}): ServerKit {
  const errors: unknown[] = [];
  const longhaul = createLonghaul({ url: ":memory:", ...runtime });
  // Also when the server cannot be made: what is in memory would be there for the next test.
  onTestFinished(() => longhaul.close());
  const server = createServer(longhaul, {
    auth: { authorize: userOf },
    onError: (error) => errors.push(error),
    ...options,
  });
  onTestFinished(() => server.close());
  const base = `http://localhost${options.basePath ?? ""}/api/v1`;
  return {
    longhaul,
    server,
    errors,
    call: (path, call = {}) => server.fetch(requestOf(`${base}${path}`, call)),
  };
}

/** A host application's `authorize`, on {@link users}. */
export function userOf(request: Request): HostUser | undefined {
  return users[request.headers.get("authorization")?.replace("Bearer ", "") ?? ""];
}

export function requestOf(
  url: string,
  { method = "GET", body, as = "the-admin", headers }: Call = {},
): Request {
  return new Request(url, {
    method,
    headers: {
      ...(as !== null && { authorization: `Bearer ${as}` }),
      ...(body !== undefined && { "content-type": "application/json" }),
      ...headers,
    },
    body: body === undefined ? null : typeof body === "string" ? body : JSON.stringify(body),
  });
}
