/** BullMQ on PostgreSQL with BullMQ's own backend. Every store is a database of its own. */
import { createPostgresBackend } from "bullmq";
import pg from "pg";
import { bullmqStore } from "./bullmq-store.ts";
import type { QueueAdapter, Store } from "./store.ts";

/** More connections than pg's default of 10: it is what serves this peer best with 100 adds in flight. */
const POOL_SIZE = 20;

export function postgres(): QueueAdapter {
  let stores = 0;
  const open = async (address: string): Promise<Store> =>
    bullmqStore({
      address,
      factory: createPostgresBackend,
      connection: { connectionString: address, migrate: true, max: POOL_SIZE },
      drop: async () => {
        const url = new URL(address);
        const database = url.pathname.slice(1);
        url.pathname = "/postgres";
        await run(url.href, `drop database ${database} with (force)`);
      },
    });
  return {
    open,
    async create({ url = "" }) {
      const address = new URL(url);
      const database = `bench_${++stores}`;
      await run(address.href, `create database ${database}`);
      address.pathname = `/${database}`;
      return open(address.href);
    },
  };
}

async function run(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(sql);
  await client.end();
}
