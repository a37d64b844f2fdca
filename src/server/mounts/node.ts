/**
 * Serves with Node's own HTTP server.
 *
 * @module
 */
import { createServer as createHttpServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { realSetTimeout } from "../../core/real-timers.ts";
import type { LonghaulServer } from "../create-server.ts";
import { createListener, type NodeListener } from "./listener.ts";

export { closeOnSignals, type CloseOnSignalsOptions } from "./close-on-signals.ts";

/** How to {@link serve}. */
export interface ServeOptions {
  /** 0: any that is free. @default 3000 */
  readonly port?: number | undefined;
  /** @default "127.0.0.1": only this machine; "0.0.0.0" or "::" for all */
  readonly host?: string | undefined;
}

/** A server that listens. */
export interface ServedServer {
  /** Where, such as "http://127.0.0.1:3000". */
  readonly url: string;
  readonly port: number;
  /** Node's server, for what is not provided here. */
  readonly http: Server;
  /**
   * Takes no more connections, ends streams and long polls, and resolves when the requests under way are answered.
   * Idempotent.
   *
   * @param options.graceMs after which connections are cut. @default 10_000
   */
  close(options?: { graceMs?: number | undefined }): Promise<void>;
}

const DEFAULT_PORT = 3000;
const DEFAULT_GRACE_MS = 10_000;

/**
 * The server as a listener, for a server of your own.
 *
 * @example
 * createServer(toNodeListener(server)).listen(3000);
 */
export const toNodeListener = (server: LonghaulServer): NodeListener => createListener(server);

/**
 * Listens on a port.
 *
 * @throws the error of `listen`, such as EADDRINUSE
 *
 * @example
 * const served = await serve(createServer(longhaul), { port: 3000 });
 * console.log(`listening on ${served.url}`);
 */
export async function serve(
  server: LonghaulServer,
  { port = DEFAULT_PORT, host = "127.0.0.1" }: ServeOptions = {},
): Promise<ServedServer> {
  const listener = createListener(server);
  let isClosing = false;
  const http = createHttpServer((incoming, outgoing) => {
    // Connections that wait for another request would keep the server open.
    outgoing.once("close", () => isClosing && setImmediate(() => http.closeIdleConnections()));
    if (isClosing) outgoing.setHeader("connection", "close");
    listener(incoming, outgoing);
  });
  await new Promise<void>((resolve, reject) => {
    http.once("error", reject);
    http.listen(port, host, () => {
      http.off("error", reject);
      resolve();
    });
  });
  const address = http.address() as AddressInfo;
  const name = address.family === "IPv6" ? `[${address.address}]` : address.address;
  let closing: Promise<void> | undefined;
  const close = async (graceMs: number): Promise<void> => {
    isClosing = true;
    const ended = new Promise<void>((resolve) => http.close(() => resolve()));
    await server.close();
    const timer = realSetTimeout(() => http.closeAllConnections(), graceMs);
    await ended;
    clearTimeout(timer);
  };
  return {
    url: `http://${name}:${address.port}`,
    port: address.port,
    http,
    close: ({ graceMs = DEFAULT_GRACE_MS } = {}) => (closing ??= close(graceMs)),
  };
}
