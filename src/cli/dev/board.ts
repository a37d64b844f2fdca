import { Hono } from "hono";
import { Queue } from "../../bullmq/queue.ts";
import { isForeign, isLocal } from "../../server/auth/origin.ts";
import type { LonghaulServer } from "../../server/create-server.ts";

export const BOARD_PATH = "/board";

/** Bull Board for some queues. */
export interface Board {
  readonly fetch: LonghaulServer["fetch"];
  close(): Promise<void>;
}

/**
 * Makes a Bull Board.
 *
 * @returns undefined if its packages are not installed
 */
export async function openBoard(
  queues: readonly string[],
  connection: string,
): Promise<Board | undefined> {
  const packages = await loadPackages();
  if (packages === undefined) return undefined;
  const { createBullBoard, BullMQAdapter, HonoAdapter, serveStatic } = packages;
  const opened = queues.map((name) => new Queue(name, { connection }));
  const adapter = new HonoAdapter(serveStatic).setBasePath(BOARD_PATH);
  createBullBoard({
    // BullMQ's class and ours have other private parts; Bull Board uses the public ones.
    queues: opened.map((queue) => new BullMQAdapter(queue as never)),
    serverAdapter: adapter,
  });
  const app = new Hono().route(BOARD_PATH, adapter.registerPlugin());
  return {
    fetch: async (request, { remoteAddress } = {}) => {
      // It has no login of its own.
      const isWelcome = isLocal(request, remoteAddress) && !isForeign(request, []);
      return isWelcome ? app.fetch(request) : new Response("Not from there", { status: 403 });
    },
    close: async () => {
      await Promise.all(opened.map((queue) => queue.close()));
    },
  };
}

async function loadPackages() {
  try {
    const [{ createBullBoard }, { BullMQAdapter }, { HonoAdapter }, { serveStatic }] =
      await Promise.all([
        import("@bull-board/api"),
        import("@bull-board/api/bullMQAdapter"),
        import("@bull-board/hono"),
        import("@hono/node-server/serve-static"),
      ]);
    return { createBullBoard, BullMQAdapter, HonoAdapter, serveStatic };
  } catch {
    return undefined;
  }
}

/** A server with the board beside its API. */
export function withBoard(server: LonghaulServer, board: Board | undefined): LonghaulServer {
  if (board === undefined) return server;
  return {
    fetch: (request, info) => {
      const { pathname } = new URL(request.url);
      const isBoard = pathname === BOARD_PATH || pathname.startsWith(`${BOARD_PATH}/`);
      return isBoard ? board.fetch(request, info) : server.fetch(request, info);
    },
    close: async () => {
      await board.close();
      await server.close();
    },
  };
}
