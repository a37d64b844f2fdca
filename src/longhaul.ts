import { Longhaul as Runtime } from "./runtime/longhaul.ts";
import type { LonghaulOptions as RuntimeOptions } from "./runtime/options.ts";
import type { LonghaulServer, RequestInfo, ServerOptions } from "./server/index.ts";

/** How to make a {@link Longhaul}. */
export interface LonghaulOptions extends RuntimeOptions {
  /** Of {@link Longhaul.fetch}: who may ask, and so on. @default who has a token */
  readonly server?: ServerOptions | undefined;
}

/** A runtime with its HTTP side, which is loaded when somebody asks for it. */
export class Longhaul extends Runtime {
  readonly #options: ServerOptions | undefined;
  #server: Promise<LonghaulServer> | undefined;

  /** @internal Use {@link createLonghaul}. */
  constructor({ server, ...options }: LonghaulOptions) {
    super(options);
    this.#options = server;
  }

  /**
   * Answers a request to the HTTP API of `longhaul/server`, made with the option `server`. A function by itself: it may be
   * handed to Next.js, Hono, Bun or a mount as it is.
   *
   * @throws {LonghaulError} SERVER_BAD_OPTION, AUTH_BAD_OPTION
   */
  readonly fetch = async (request: Request, info?: RequestInfo): Promise<Response> => {
    this.#server ??= this.#load();
    return (await this.#server).fetch(request, info);
  };

  override async close(options: { timeoutMs?: number | undefined } = {}): Promise<void> {
    // Live connections and long polls end first: they would wait for runs that no longer go on.
    const server = await this.#server?.catch(() => undefined);
    await server?.close();
    return super.close(options);
  }

  async #load(): Promise<LonghaulServer> {
    const { createServer } = await import("./server/index.ts");
    return createServer(this, this.#options);
  }
}

/**
 * Opens a store, and hosts functions and workers on it.
 *
 * @throws {LonghaulError} what opening the store throws, RUNTIME_BAD_FUNCTION, RUNTIME_DUPLICATE_FUNCTION,
 *   RUNTIME_BAD_WORKER
 *
 * @example
 * await using longhaul = createLonghaul({ url: "file:app.db", functions: [sendWelcomeEmail] });
 * await longhaul.start();
 * export const { fetch } = longhaul;
 */
export const createLonghaul = (options: LonghaulOptions = {}): Longhaul => new Longhaul(options);
