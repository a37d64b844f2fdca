/**
 * Mounts a server in Next.js, as route handlers of the app router: a file `app/<path>/[[...path]]/route.ts`.
 *
 * @module
 */
import type { LonghaulServer } from "../create-server.ts";

/** A route handler of the app router. */
export type NextHandler = (
  request: Request,
  context: {
    readonly params: Promise<Readonly<Record<string, string | readonly string[] | undefined>>>;
  },
) => Promise<Response>;

/** One handler, under the name of each method. */
export type NextHandlers = Readonly<
  Record<"GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS", NextHandler>
>;

/**
 * Route handlers. The folder of the file has to end in an optional catch-all such as `[[...path]]`, whatever its name:
 * what it catches is the path of the API. Next does not say who is asking, so `local` in the server's `auth` lets nobody
 * in.
 *
 * @param getServer the server, or a function that makes it when the first request comes; a build then opens no store
 *
 * @example
 * export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = longhaulNext(() => createServer(longhaul));
 */
export function longhaulNext(
  getServer: LonghaulServer | (() => LonghaulServer | Promise<LonghaulServer>),
): NextHandlers {
  let server: Promise<LonghaulServer> | undefined;
  const handler: NextHandler = async (request, { params }) => {
    const made = (server ??= make());
    // The next request may find the store free.
    made.catch(() => (server = undefined));
    const caught = Object.values(await params).find((value) => typeof value === "object");
    // A part may hold an encoded slash, which counts as none; the path as it was sent still has it so.
    const parts = new URL(request.url).pathname.split("/");
    const path = (caught?.length ?? 0) === 0 ? "/" : `/${parts.slice(-caught!.length).join("/")}`;
    return (await made).fetch(request, { path });
  };
  async function make(): Promise<LonghaulServer> {
    return typeof getServer === "function" ? getServer() : getServer;
  }
  return {
    ...{ GET: handler, HEAD: handler, POST: handler, PUT: handler },
    ...{ PATCH: handler, DELETE: handler, OPTIONS: handler },
  };
}
