import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

/** A request that has arrived, whole. */
export interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** What to answer with: a status, or all of it; "hang" never answers. */
export type Answer =
  | number
  | "hang"
  | {
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string;
    };

/** A real HTTP server on this machine that notes what it is asked. It ends with the running test. */
export interface HookServer {
  readonly url: string;
  readonly received: Received[];
  /** Resolves with the next request that nobody has waited for yet. */
  next(): Promise<Received>;
}

/** @param answer by request and its number, from 0. @default 200 */
export async function hookServer(
  answer: (request: Received, index: number) => Answer = () => 200,
): Promise<HookServer> {
  const received: Received[] = [];
  let taken = 0;
  let arrived = (): void => {};
  const server = createServer((request, response) => {
    void readBody(request).then((body) => {
      const { method = "", url: path = "", headers } = request;
      const entry = { method, path, headers, body };
      const given = answer(entry, received.push(entry) - 1);
      arrived();
      if (given === "hang") return;
      const {
        status,
        headers: more = {},
        body: text = "",
      } = typeof given === "number" ? { status: given } : given;
      response.writeHead(status, more).end(text);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    async next() {
      while (received.length <= taken) await new Promise<void>((resolve) => (arrived = resolve));
      return received[taken++]!;
    },
  };
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}
