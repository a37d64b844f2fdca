/** BullMQ on Redis, as most people run it. */
import { getDefaultBackendFactory } from "bullmq";
import { Redis } from "ioredis";
import { bullmqStore } from "./bullmq-store.ts";
import type { QueueAdapter, Store } from "./store.ts";

/** How many databases a Redis server has by default. */
const DATABASES = 16;

export function redis(): QueueAdapter {
  let stores = 0;
  const open = async (address: string): Promise<Store> => {
    const { hostname, port, pathname } = new URL(address);
    const connection = { host: hostname, port: Number(port), db: Number(pathname.slice(1)) };
    return bullmqStore({
      address,
      factory: getDefaultBackendFactory(),
      connection,
      drop: () => flush(address),
    });
  };
  return {
    open,
    async create({ url }) {
      const address = `${url}/${stores++ % DATABASES}`;
      await flush(address);
      return open(address);
    },
  };
}

async function flush(address: string): Promise<void> {
  const client = new Redis(address);
  await client.flushdb();
  client.disconnect();
}
