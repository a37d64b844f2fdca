/**
 * Mounts a server in Fastify.
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { LonghaulServer } from "../create-server.ts";
import { createListener } from "./listener.ts";

/** What is used of Fastify. */
export interface FastifyScope {
  readonly prefix: string;
  removeAllContentTypeParsers(): void;
  addContentTypeParser(
    type: string,
    parser: (request: unknown, payload: unknown, done: (error: Error | null) => void) => void,
  ): unknown;
  addHook(name: "preClose", hook: () => Promise<void>): unknown;
  all(
    url: string,
    handler: (
      request: { readonly raw: IncomingMessage },
      reply: { readonly raw: ServerResponse; hijack(): unknown },
    ) => void,
  ): unknown;
}

/**
 * A plugin that answers everything below its prefix. Streams and long polls end when Fastify closes.
 *
 * @example
 * await fastify.register(longhaulFastify(server), { prefix: "/jobs" });
 */
export function longhaulFastify(
  server: LonghaulServer,
): (fastify: FastifyScope, options: object, done: (error?: Error) => void) => void {
  return (fastify, _options, done) => {
    const { prefix } = fastify;
    const listen = createListener(server, ({ url = "/" }) =>
      url.slice(prefix.length).replace(/\?.*$/s, ""),
    );
    // The body is read here, not by Fastify; of these parsers only this plugin's own scope knows.
    fastify.removeAllContentTypeParsers();
    fastify.addContentTypeParser("*", (_request, _payload, parsed) => parsed(null));
    fastify.addHook("preClose", () => server.close());
    for (const url of ["/", "/*"])
      fastify.all(url, ({ raw }, reply) => {
        reply.hijack();
        listen(raw, reply.raw);
      });
    done();
  };
}
