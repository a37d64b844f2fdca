/**
 * Serves Inngest functions with Fastify.
 *
 * @module
 */
import type { IncomingMessage } from "node:http";
import type { Inngest } from "./client.ts";
import type { AnyInngestFunction } from "./function.ts";
import { createServeHandler } from "./serve/handler.ts";
import { fromNodeRequest } from "./serve/node-request.ts";
import type { ServeOptions } from "./serve/options.ts";

export type { ServeOptions } from "./serve/options.ts";
export const frameworkName = "fastify";

/** What is used of Fastify's request. */
export interface FastifyRequest {
  readonly raw: IncomingMessage;
  readonly body?: unknown;
}

/** What is used of Fastify's reply. */
export interface FastifyReply {
  code(status: number): unknown;
  header(name: string, value: string): unknown;
  send(body: string): unknown;
}

/** What is used of a Fastify server. */
export interface FastifyServer {
  route(options: {
    method: ("GET" | "POST" | "PUT")[];
    url: string;
    handler: (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>;
  }): unknown;
}

/**
 * Registers functions with this process's runtime, and gives a handler.
 *
 * @example
 * fastify.route({ method: ["GET", "POST", "PUT"], url: "/api/inngest", handler: serve({ client: inngest, functions }) });
 */
export function serve(
  options: ServeOptions,
): (request: FastifyRequest, reply: FastifyReply) => Promise<unknown> {
  const handle = createServeHandler(frameworkName, options);
  return async (request, reply) => {
    const { raw, body } = request;
    const answer = await handle({
      ...fromNodeRequest(raw),
      // Fastify has read and parsed it, within its own limit.
      body: () => Promise.resolve(body),
    });
    reply.code(answer.status);
    for (const [name, value] of Object.entries(answer.headers)) reply.header(name, value);
    return reply.send(answer.body);
  };
}

/** Options of {@link fastifyPlugin}. */
export interface InngestPluginOptions {
  readonly client: Inngest.Any;
  readonly functions: readonly AnyInngestFunction[];
  /** `servePath`: where to mount. @default "/api/inngest" */
  readonly options?: Omit<ServeOptions, "client" | "functions"> | undefined;
}

/**
 * Registers functions and mounts them.
 *
 * @example
 * await fastify.register(fastifyPlugin, { client: inngest, functions });
 */
export function fastifyPlugin(
  fastify: FastifyServer,
  { client, functions, options = {} }: InngestPluginOptions,
  done: (error?: Error) => void,
): void {
  try {
    const handler = serve({ client, functions, ...options });
    fastify.route({
      method: ["GET", "POST", "PUT"],
      url: options.servePath ?? "/api/inngest",
      handler,
    });
    done();
  } catch (error) {
    done(error as Error);
  }
}

// oxlint-disable-next-line import/no-default-export -- Fastify's plugins are imported so, and this one is in Inngest
export default fastifyPlugin;
